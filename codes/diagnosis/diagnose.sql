-- statement: use_prepared
-- Assign the prepared diagnoses to the disagreements that the run has opened. An equal fingerprint means equal colours and hits. On a
-- cluster the join must be a step of its own.
WITH used AS MATERIALIZED (
    SELECT d.id AS disagreement_id, p.*
    FROM codes_prepareddiagnosis p
    JOIN codes_disagreement d ON d.opened_run_id = p.run_id AND d.citizen_id = p.citizen_id AND d.fingerprint = p.fingerprint
    WHERE p.run_id = %(run)s
)
INSERT INTO codes_pairdiagnosis (disagreement_id, a_id, b_id, primary_cause, swaps_a_to_b, swaps_b_to_a, root_cause, group_key, next_on,
                                 run_id)
SELECT disagreement_id, a_id, b_id, primary_cause, swaps_a_to_b, swaps_b_to_a, root_cause, group_key, next_on, run_id
FROM used ORDER BY disagreement_id, id

-- statement: to_diagnose_again
-- The standing disagreements whose explanation may have changed: those of people whom the run judged, since there are new data about
-- them; those with a provider that has another version, even if it judges them as before; those whose hybrids can change by the day
-- alone; and those in which freshness is a factor and the earlier horizon, which kept records from one side, has moved.
SELECT d.id, d.citizen_id, d.colours
FROM codes_disagreement d
WHERE d.closed_run_id IS NULL AND d.opened_run_id <> %(run)s AND {{among}}
  AND ({{judged}} OR EXISTS (
      -- One look-up each: a join would read the diagnoses of all years every day.
      SELECT FROM (SELECT * FROM codes_pairdiagnosis WHERE disagreement_id = d.id OFFSET 0) p
      WHERE p.next_on <= %(day)s OR ARRAY[p.a_id, p.b_id] && %(other_versions)s::bigint[] OR (p.swaps_a_to_b @> '[["freshness"]]' OR p.swaps_b_to_a @> '[["freshness"]]') AND EXISTS (
          SELECT FROM codes_runprovider a
          JOIN codes_runprovider b ON b.run_id = a.run_id AND b.provider_id = p.b_id
          JOIN codes_runprovider a_then ON a_then.run_id = p.run_id AND a_then.provider_id = p.a_id
          JOIN codes_runprovider b_then ON b_then.run_id = p.run_id AND b_then.provider_id = p.b_id
          WHERE a.run_id = %(run)s AND a.provider_id = p.a_id
            AND least(a.horizon, b.horizon) <> least(a_then.horizon, b_then.horizon))))
ORDER BY d.citizen_id

-- statement: look_again
-- For unchanged explanations, store the day on which to diagnose again.
UPDATE codes_pairdiagnosis p SET next_on = found.next_on
FROM unnest(%(disagreements)s::bigint[], %(a)s::bigint[], %(b)s::bigint[], %(next_on)s::date[]) AS found (disagreement_id, a_id, b_id, next_on)
WHERE p.disagreement_id = found.disagreement_id AND p.a_id = found.a_id AND p.b_id = found.b_id
  AND p.next_on IS DISTINCT FROM found.next_on

-- statement: open_anew
-- Close before opening, because the database allows one open disagreement per citizen.
WITH closed AS (
    UPDATE codes_disagreement SET closed_run_id = %(run)s WHERE id = ANY (%(disagreements)s)
    RETURNING citizen_id, fingerprint, colours
)
INSERT INTO codes_disagreement (citizen_id, fingerprint, colours, opened_run_id)
SELECT citizen_id, fingerprint, colours, %(run)s FROM closed ORDER BY citizen_id
RETURNING id, citizen_id

-- statement: group_cases
-- A case belongs to the group of its citizen's first diagnosed pair. A new case is opened with that group; this statement updates the
-- open cases that were linked to the disagreement later.
UPDATE codes_case c SET group_key = first.group_key
FROM (SELECT DISTINCT ON (disagreement_id) disagreement_id, group_key FROM codes_pairdiagnosis WHERE run_id = %(run)s
      ORDER BY disagreement_id, id) first
WHERE c.disagreement_id = first.disagreement_id AND c.closed_at IS NULL AND c.group_key <> first.group_key
