-- statement: escalate
-- Twice at most: when nobody looked at a red in time, and when the answer is overdue. Rows somebody works on are left for the
-- next sweep.
WITH late AS (
    SELECT id, CASE WHEN due_at <= %(now)s THEN 'due' ELSE 'first_look' END AS clock
    FROM codes_case
    WHERE closed_at IS NULL AND paused_at IS NULL AND state = ANY(%(states)s)
      AND (due_at <= %(now)s AND escalated_for <> 'due'
           OR first_look_due_at <= %(now)s AND first_looked_at IS NULL AND escalated_for = '')
    ORDER BY id
    FOR UPDATE SKIP LOCKED
),
moved AS (
    UPDATE codes_case c SET escalated_at = %(now)s, escalated_for = late.clock
    FROM late WHERE late.id = c.id
    RETURNING c.id, c.escalated_for
)
INSERT INTO codes_caseevent (case_id, at, by, verb, data)
SELECT id, %(now)s, %(by)s, %(escalated)s, jsonb_build_object('clock', escalated_for) FROM moved
RETURNING (SELECT number FROM codes_case WHERE codes_case.id = case_id)
