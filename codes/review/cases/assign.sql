-- statement: lock
-- Locks the filter's cases in one order, so that two such statements cannot deadlock.
SELECT id FROM codes_case WHERE id IN ({{cases}}) ORDER BY id FOR UPDATE

-- statement: bulk_assign
WITH chosen AS MATERIALIZED (
    SELECT id, number, assigned_to FROM codes_case WHERE id = ANY (%(cases)s)
),
moved AS (
    UPDATE codes_case c SET assigned_to = %(to)s, assigned_at = %(now)s, state = %(next)s::jsonb ->> c.state
    FROM chosen WHERE chosen.id = c.id
),
noted AS (
    INSERT INTO codes_caseevent (case_id, at, by, verb, data)
    SELECT id, %(now)s, %(by)s, %(assigned)s, jsonb_build_object('assigned_to', %(to)s::text, 'before', assigned_to) FROM chosen
)
SELECT number, assigned_to FROM chosen
