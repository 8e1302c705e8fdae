-- The figures of a week, before small groups are left out.

-- statement: causes
SELECT (%(causes)s::text[])[place], count(*)
FROM (
    SELECT min(array_position(%(causes)s::text[], p.primary_cause)) AS place
    FROM codes_disagreement d
    JOIN codes_run r ON r.id = d.opened_run_id
    JOIN codes_pairdiagnosis p ON p.disagreement_id = d.id
    WHERE r.day BETWEEN %(monday)s AND %(sunday)s AND NOT r.history
      -- Without disagreements that were opened again only because their explanation changed.
      AND NOT EXISTS (SELECT FROM codes_disagreement before
                      WHERE before.citizen_id = d.citizen_id AND before.closed_run_id = d.opened_run_id
                        AND before.fingerprint = d.fingerprint)
    GROUP BY d.id
) AS each
GROUP BY place

-- statement: week
SELECT (SELECT count(*) FROM codes_citizen WHERE known_since < %(until)s AND id_type <> 'swept'),
       count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY c.closed_at - c.opened_at)
FROM codes_case c
WHERE c.state = ANY(%(decided)s) AND c.closed_at >= %(from)s AND c.closed_at < %(until)s
