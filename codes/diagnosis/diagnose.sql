-- statement: use_prepared
-- What the run prepared for the disagreements it has opened: by the fingerprint they rest on the same colours and hits. On a cluster
-- the rows of a join are a step of their own.
WITH used AS MATERIALIZED (
    SELECT d.id AS disagreement_id, p.*
    FROM codes_prepareddiagnosis p
    JOIN codes_disagreement d ON d.opened_run_id = p.run_id AND d.citizen_id = p.citizen_id AND d.fingerprint = p.fingerprint
    WHERE p.run_id = %(run)s
)
INSERT INTO codes_pairdiagnosis (disagreement_id, a_id, b_id, primary_cause, swaps_a_to_b, swaps_b_to_a, root_cause, group_key, run_id)
SELECT disagreement_id, a_id, b_id, primary_cause, swaps_a_to_b, swaps_b_to_a, root_cause, group_key, run_id
FROM used ORDER BY disagreement_id, id

-- statement: group_cases
-- A case belongs to the group of its citizen's first diagnosed pair. A new case is opened in it; these were linked to it.
UPDATE codes_case c SET group_key = first.group_key
FROM (SELECT DISTINCT ON (disagreement_id) disagreement_id, group_key FROM codes_pairdiagnosis WHERE run_id = %(run)s
      ORDER BY disagreement_id, id) first
WHERE c.disagreement_id = first.disagreement_id AND c.closed_at IS NULL AND c.group_key <> first.group_key
