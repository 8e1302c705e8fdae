-- statement: late
-- A case is escalated at most twice: when nobody looked at a red case in time, and when the answer is overdue. Locked
-- rows are left for the next sweep.
SELECT id, CASE WHEN due_at <= %(now)s THEN 'due' ELSE 'first_look' END
FROM codes_case
WHERE closed_at IS NULL AND paused_at IS NULL AND state = ANY(%(states)s)
  AND (due_at <= %(now)s AND escalated_for <> 'due'
       OR first_look_due_at <= %(now)s AND first_looked_at IS NULL AND escalated_for = '')
ORDER BY id
FOR UPDATE SKIP LOCKED

-- statement: escalate
-- The cases that were locked.
WITH late AS MATERIALIZED (
    SELECT c.id, c.number, locked.clock
    FROM unnest(%(cases)s::bigint[], %(clocks)s::text[]) AS locked(id, clock)
    JOIN codes_case c ON c.id = locked.id
),
moved AS (
    UPDATE codes_case c SET escalated_at = %(now)s, escalated_for = late.clock
    FROM late WHERE late.id = c.id
),
noted AS (
    INSERT INTO codes_caseevent (case_id, at, by, verb, data)
    SELECT id, %(now)s, %(by)s, %(escalated)s, jsonb_build_object('clock', clock) FROM late
)
SELECT number FROM late ORDER BY id
