-- statement: records
-- The records of the group's key that its open cases name, without those that are ruled on or proposed already.
SELECT DISTINCT ON (f.record_id) f.id, f.citizen_id, f.record_id, f.source_id, d.colours
FROM codes_case c
JOIN codes_pairdiagnosis p ON p.disagreement_id = c.disagreement_id AND p.group_key = c.group_key
CROSS JOIN jsonb_array_elements(p.root_cause->'only') AS evidence
JOIN codes_fact f ON f.id = (evidence->'record'->>'fact_id')::bigint
LEFT JOIN codes_disagreement d ON d.citizen_id = f.citizen_id AND d.closed_run_id IS NULL
WHERE c.group_key = %(key)s AND c.closed_at IS NULL AND f.source_id IS NOT NULL
  AND concat_ws('|', 'batch', evidence->'record'->>'origin_code', coalesce(evidence->'record'->>'batch', '0'), f.kind) = %(key)s
  AND NOT EXISTS (SELECT FROM codes_suppression s
                  WHERE s.record_id = f.record_id AND s.source_id = f.source_id
                    AND coalesce(s.version, f.version) = f.version AND s.state = ANY(%(standing)s))
ORDER BY f.record_id, f.version DESC
