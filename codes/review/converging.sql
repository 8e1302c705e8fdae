-- statement: agrees_again
-- Colours agree again with every provider the case was opened about, and all of these are known in the run.
    SELECT c.id FROM codes_case c JOIN codes_disagreement d ON d.id = c.disagreement_id
    WHERE c.kind = 'disagreement' AND c.closed_at IS NULL
      AND NOT EXISTS (SELECT FROM codes_disagreement s WHERE s.citizen_id = c.citizen_id AND s.closed_run_id IS NULL)
      AND NOT EXISTS (SELECT FROM jsonb_object_keys(d.colours) AS shown(code)
                      JOIN codes_provider provider ON provider.code = shown.code
                      JOIN codes_runprovider p ON p.provider_id = provider.id AND p.run_id = %(run)s
                      WHERE NOT p.known)

-- statement: holds_again
-- The hit that suspended the ruling is gone; every provider that holds anything against the citizen was heard.
    SELECT c.id FROM codes_case c
    WHERE c.kind = 'suspension' AND c.closed_at IS NULL
      AND NOT EXISTS (SELECT FROM codes_ruling r
                      WHERE r.citizen_id = c.citizen_id AND r.state = 'approved' AND r.suspended_at IS NOT NULL)
      AND NOT EXISTS (SELECT FROM codes_verdict v JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s
                      WHERE v.citizen_id = c.citizen_id AND NOT p.known)

-- statement: green_again
-- Nothing holds the citizen's code any more, with any provider; the provider appealed against was heard.
    SELECT c.id FROM codes_case c JOIN codes_appeal a ON a.case_id = c.id
    JOIN codes_runprovider p ON p.provider_id = a.provider_id AND p.run_id = %(run)s AND p.known
    WHERE c.kind = 'appeal' AND c.closed_at IS NULL
      AND NOT EXISTS (SELECT FROM codes_verdict v WHERE v.citizen_id = c.citizen_id)
      AND NOT EXISTS (SELECT FROM codes_effectivecode e WHERE e.citizen_id = c.citizen_id AND e.colour <> 'green')

-- statement: close
-- As `codes.review.moves` does: a paused deadline goes on, and what waits for an answer or a second official waits no longer.
WITH closed AS (
    UPDATE codes_case c
    SET state = %(next)s::jsonb ->> c.state, outcome = %(converged)s, closed_at = run.as_of, paused_at = NULL,
        due_at = c.due_at + greatest(run.as_of - c.paused_at, interval '0')
    FROM codes_run run
    WHERE run.id = %(run)s AND c.id IN ({{which}})
    RETURNING c.id, c.number, run.as_of
),
told AS (
    INSERT INTO codes_caseevent (case_id, at, by, verb, data)
    SELECT id, as_of, %(by)s, %(converged)s, jsonb_build_object('run', %(run)s) FROM closed
),
unproposed AS (
    UPDATE codes_ruling r SET state = 'withdrawn', ended_at = closed.as_of
    FROM closed WHERE r.case_id = closed.id AND r.state = 'proposed'
),
unasked AS (
    UPDATE codes_informationrequest q SET state = %(dropped)s, closed_at = closed.as_of
    FROM closed WHERE q.case_id = closed.id AND q.state = %(asked)s
)
SELECT number FROM closed ORDER BY number
