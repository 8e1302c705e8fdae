-- statement: bulk_assign
-- The filter's cases are locked in one order, so that two of these never wait for each other in a circle.
WITH chosen AS MATERIALIZED (
    SELECT id, assigned_to FROM codes_case WHERE id IN ({{cases}}) ORDER BY id FOR UPDATE
),
moved AS (
    UPDATE codes_case c SET assigned_to = %s, assigned_at = %s, state = %s::jsonb ->> c.state
    FROM chosen WHERE chosen.id = c.id
    RETURNING c.id, chosen.assigned_to AS before, c.assigned_to
)
INSERT INTO codes_caseevent (case_id, at, by, verb, data)
SELECT id, %s, %s, %s, jsonb_build_object('assigned_to', assigned_to, 'before', before) FROM moved
RETURNING (SELECT number FROM codes_case WHERE codes_case.id = case_id), data ->> 'before'
