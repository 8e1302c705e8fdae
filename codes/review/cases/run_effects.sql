-- statement: relink
-- An open case is linked to its citizen's new disagreement when the fingerprint changes, unless it changed only because
-- a provider's data is missing today. A disagreement that returns with the same fingerprint, or is explained anew, is
-- the same matter; it gets an event only if its primary cause differs.
WITH moved AS (
    UPDATE codes_case c
    SET disagreement_id = s.id, fingerprint = s.fingerprint,
        severity = CASE WHEN s.colours @? '$.* ? (@ == "red")' THEN 'red' ELSE 'yellow' END
    FROM codes_disagreement s, codes_disagreement old, codes_case before, codes_run run
    WHERE run.id = %(run)s AND c.kind = 'disagreement' AND c.closed_at IS NULL AND before.id = c.id
      AND s.citizen_id = c.citizen_id AND s.closed_run_id IS NULL AND s.id <> c.disagreement_id
      AND old.id = c.disagreement_id
      AND NOT EXISTS (SELECT FROM jsonb_object_keys(old.colours) AS shown(code)
                      JOIN codes_provider provider ON provider.code = shown.code
                      JOIN codes_runprovider p ON p.provider_id = provider.id AND p.run_id = %(run)s
                      WHERE NOT p.known)
    RETURNING c.id, run.as_of, s.id AS disagreement_id,
              CASE WHEN before.fingerprint <> s.fingerprint THEN %(relinked)s
                   WHEN EXISTS (SELECT FROM codes_pairdiagnosis was
                                JOIN codes_pairdiagnosis now ON now.disagreement_id = s.id AND (now.a_id, now.b_id) = (was.a_id, was.b_id)
                                WHERE was.disagreement_id = old.id AND was.primary_cause <> now.primary_cause)
                       THEN %(explained)s END AS verb
)
INSERT INTO codes_caseevent (case_id, at, by, verb, data)
SELECT id, as_of, %(by)s, verb, jsonb_build_object('run', %(run)s, 'disagreement', disagreement_id)
FROM moved WHERE verb IS NOT NULL

-- statement: lapse
-- A decision stands while its ruling is in force (or a ruling that replaced it, which weighed every hit). If the
-- colours were left as they are, it stands as long as the fingerprint lasts. Missing data does not end a fingerprint, but other
-- colours of the known providers do: a case is opened for these, and the decision must not come back with the missing provider.
-- Colours left while a ruling for an earlier case was in force were left because of that ruling, so the decision ends
-- with it.
UPDATE codes_case c SET lapsed_at = %(at)s
FROM codes_disagreement decided
WHERE decided.id = c.disagreement_id AND c.kind = 'disagreement' AND c.state = %(decided)s AND c.lapsed_at IS NULL AND {{among}}
  AND CASE WHEN c.ruling_id IS NOT NULL
           THEN NOT EXISTS (SELECT FROM codes_ruling r WHERE r.citizen_id = c.citizen_id AND r.state = %(approved)s)
           WHEN EXISTS (SELECT FROM codes_case ruled
                        WHERE ruled.citizen_id = c.citizen_id AND ruled.kind = c.kind AND ruled.id < c.id
                          AND ruled.state = %(decided)s AND ruled.ruling_id IS NOT NULL AND ruled.lapsed_at IS NULL)
                AND NOT EXISTS (SELECT FROM codes_ruling r WHERE r.citizen_id = c.citizen_id AND r.state = %(approved)s)
           THEN true
           ELSE NOT EXISTS (SELECT FROM codes_disagreement d
                            WHERE d.citizen_id = c.citizen_id AND d.closed_run_id IS NULL AND d.fingerprint = c.fingerprint)
                AND (NOT EXISTS (SELECT FROM jsonb_object_keys(decided.colours) AS shown(code)
                                 JOIN codes_provider provider ON provider.code = shown.code
                                 JOIN codes_runprovider p ON p.provider_id = provider.id AND p.run_id = %(run)s
                                 WHERE NOT p.known)
                     OR EXISTS (SELECT FROM codes_disagreement d
                                WHERE d.citizen_id = c.citizen_id AND d.closed_run_id IS NULL AND NOT decided.colours @> d.colours))
           END

-- statement: open
-- Opens a case for every disagreement that has none and on which no decision stands; it follows the citizen's last
-- case. Missing data opens no case either: today's disagreement is a decided one if it is what the known providers
-- still show while the others are unknown. If a hit has changed meanwhile, that is found when the providers are known
-- again.
WITH due AS MATERIALIZED (
    SELECT d.id, d.citizen_id, d.fingerprint,
           (SELECT max(before.id) FROM codes_case before WHERE before.citizen_id = d.citizen_id AND before.kind = 'disagreement')
               AS follows_id,
           -- No LIMIT 1: in a table without statistics the planner would scan from the beginning for every row.
           (SELECT (array_agg(p.group_key ORDER BY p.id))[1] FROM codes_pairdiagnosis p WHERE p.disagreement_id = d.id) AS group_key,
           CASE WHEN d.colours @? '$.* ? (@ == "red")' THEN 'red' ELSE 'yellow' END AS severity
    FROM codes_disagreement d
    JOIN codes_run run ON run.id = %(run)s
    WHERE d.closed_run_id IS NULL AND {{among}}
      AND NOT EXISTS (SELECT FROM codes_case c
                      WHERE c.citizen_id = d.citizen_id AND c.kind = 'disagreement'
                        AND (c.closed_at IS NULL OR c.fingerprint = d.fingerprint AND c.state = %(decided)s AND c.lapsed_at IS NULL))
      AND NOT EXISTS (SELECT FROM codes_case c
                      JOIN codes_disagreement before ON before.id = c.disagreement_id
                      WHERE c.citizen_id = d.citizen_id AND c.kind = 'disagreement' AND c.state = %(decided)s AND c.lapsed_at IS NULL
                        AND before.colours @> d.colours
                        AND EXISTS (SELECT FROM jsonb_object_keys(before.colours) AS shown(code)
                                    JOIN codes_provider provider ON provider.code = shown.code
                                    JOIN codes_runprovider p ON p.provider_id = provider.id AND p.run_id = run.id
                                    WHERE NOT p.known))
),
counted AS MATERIALIZED (
    -- Counted first, so that the cases are read completely before the first is written: a statement that reads the
    -- table it fills gets slower with every row.
    SELECT run.id, run.day, (SELECT count(*) FROM due) AS due,
           (SELECT count(*) FROM codes_case taken JOIN codes_run earlier ON earlier.id = taken.opened_run_id
            WHERE earlier.day = run.day AND taken.kind = 'disagreement') AS taken
    FROM codes_run run WHERE run.id = %(run)s
),
opened AS (
    INSERT INTO codes_case (number, kind, citizen_id, state, disagreement_id, fingerprint, follows_id, severity, opened_at,
                            opened_run_id, due_at, first_look_due_at, assigned_to, outcome, group_key)
    SELECT 'D' || to_char(run.day, 'YYYYMMDD') || '-'
               || to_char(row_number() OVER (ORDER BY due.id) + run.taken, 'FM999999000000'),
           'disagreement', due.citizen_id, %(received)s, due.id, due.fingerprint, due.follows_id, due.severity, %(at)s, run.id,
           %(at)s + CASE due.severity WHEN 'red' THEN %(answer_red)s ELSE %(answer_yellow)s END,
           CASE due.severity WHEN 'red' THEN %(at)s + %(first_look)s END, '', '',
           coalesce(due.group_key, '')
    FROM counted run
    JOIN due ON run.due > 0
    RETURNING id, opened_at, number, follows_id
),
events AS (
    INSERT INTO codes_caseevent (case_id, at, by, verb, data)
    SELECT id, opened_at, %(by)s, %(opened)s, jsonb_build_object('run', %(run)s) FROM opened
)
SELECT opened.number, before.number FROM opened LEFT JOIN codes_case before ON before.id = opened.follows_id ORDER BY opened.id

-- statement: open_suspended
-- A suspended ruling needs a decision by two officials again.
WITH opened AS (
    INSERT INTO codes_case (number, kind, citizen_id, state, follows_id, severity, opened_at, opened_run_id, due_at,
                            first_look_due_at, assigned_to, outcome, group_key)
    SELECT 'S' || to_char(run.day, 'YYYYMMDD') || '-' || to_char(r.id, 'FM999999000000') || '-' || run.id,
           'suspension', r.citizen_id, %(received)s, r.case_id, 'red', run.as_of, run.id, run.as_of + %(answer_red)s,
           run.as_of + %(first_look)s, '', '', ''
    FROM codes_ruling r
    JOIN codes_run run ON run.id = %(run)s
    WHERE r.state = %(approved)s AND r.suspended_at = run.as_of
      AND NOT EXISTS (SELECT FROM codes_case c WHERE c.citizen_id = r.citizen_id AND c.kind = 'suspension' AND c.closed_at IS NULL)
    RETURNING id, opened_at
)
INSERT INTO codes_caseevent (case_id, at, by, verb, data)
SELECT id, opened_at, %(by)s, %(opened)s, jsonb_build_object('run', %(run)s) FROM opened

-- statement: agrees_again
-- The colours of all providers the case was opened about agree again, and all of these are known in the run.
    SELECT c.id FROM codes_case c JOIN codes_disagreement d ON d.id = c.disagreement_id
    WHERE c.kind = 'disagreement' AND c.closed_at IS NULL
      AND NOT EXISTS (SELECT FROM codes_disagreement s WHERE s.citizen_id = c.citizen_id AND s.closed_run_id IS NULL)
      AND NOT EXISTS (SELECT FROM jsonb_object_keys(d.colours) AS shown(code)
                      JOIN codes_provider provider ON provider.code = shown.code
                      JOIN codes_runprovider p ON p.provider_id = provider.id AND p.run_id = %(run)s
                      WHERE NOT p.known)

-- statement: holds_again
-- The hit that suspended the ruling is gone, and every provider with a verdict on the citizen is known in the run.
    SELECT c.id FROM codes_case c
    WHERE c.kind = 'suspension' AND c.closed_at IS NULL
      AND NOT EXISTS (SELECT FROM codes_ruling r
                      WHERE r.citizen_id = c.citizen_id AND r.state = %(approved)s AND r.suspended_at IS NOT NULL)
      AND NOT EXISTS (SELECT FROM codes_verdict v JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s
                      WHERE v.citizen_id = c.citizen_id AND NOT p.known)

-- statement: green_again
-- No provider has a verdict on the citizen any more, and the provider appealed against is known in the run.
    SELECT c.id FROM codes_case c JOIN codes_appeal a ON a.case_id = c.id
    JOIN codes_runprovider p ON p.provider_id = a.provider_id AND p.run_id = %(run)s AND p.known
    WHERE c.kind = 'appeal' AND c.closed_at IS NULL
      AND NOT EXISTS (SELECT FROM codes_verdict v WHERE v.citizen_id = c.citizen_id)
      AND NOT EXISTS (SELECT FROM codes_effectivecode e WHERE e.citizen_id = c.citizen_id AND e.colour <> 'green')

-- statement: close
-- The same as `codes.review.cases.move`: a paused deadline resumes, and open questions and proposals are closed.
WITH closed AS (
    UPDATE codes_case c
    SET state = %(next)s::jsonb ->> c.state, outcome = %(converged)s, closed_at = run.as_of, paused_at = NULL,
        due_at = (c.due_at AT TIME ZONE 'UTC' + greatest(run.as_of - c.paused_at, interval '0')) AT TIME ZONE 'UTC'
    FROM codes_run run
    WHERE run.id = %(run)s AND c.id IN ({{which}})
    RETURNING c.id, c.number, run.as_of
),
events AS (
    INSERT INTO codes_caseevent (case_id, at, by, verb, data)
    SELECT id, as_of, %(by)s, %(converged)s, jsonb_build_object('run', %(run)s) FROM closed
),
unproposed AS (
    UPDATE codes_ruling r SET state = %(withdrawn)s, ended_at = closed.as_of
    FROM closed WHERE r.case_id = closed.id AND r.state = %(proposed)s
),
unasked AS (
    UPDATE codes_informationrequest q SET state = %(dropped)s, closed_at = closed.as_of
    FROM closed WHERE q.case_id = closed.id AND q.state = %(asked)s
)
SELECT number FROM closed ORDER BY number
