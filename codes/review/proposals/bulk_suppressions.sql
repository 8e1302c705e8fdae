-- statement: as_they_are
SELECT id, record_id, source_id FROM codes_suppression WHERE bulk_suppression_id = %(one)s AND state = %(state)s

-- statement: as_if_approved
-- Approved by nobody, in a transaction that is rolled back, so that the engine sees the state after an approval.
UPDATE codes_suppression SET state = 'approved', decided_by = 'preview', decided_at = %(now)s
WHERE bulk_suppression_id = %(one)s AND state = %(state)s
RETURNING id, record_id, source_id

-- statement: covered
-- Its records, one row per record and person, with the colours of the person's disagreement.
WITH suppressed AS ({{suppressions}})
SELECT DISTINCT ON (f.citizen_id, s.id) f.id, f.citizen_id, s.record_id, s.source_id, d.colours
FROM suppressed s
JOIN codes_fact f ON f.record_id = s.record_id AND f.source_id = s.source_id
LEFT JOIN codes_disagreement d ON d.citizen_id = f.citizen_id AND d.closed_run_id IS NULL
ORDER BY f.citizen_id, s.id, f.version DESC
