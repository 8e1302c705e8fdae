-- statement: end_expired
UPDATE codes_ruling r SET state = 'ended', ended_at = run.as_of
FROM codes_run run WHERE run.id = %(run)s AND r.state = 'approved' AND r.expires_on <= run.day
RETURNING r.citizen_id

-- statement: suspend
-- A ruling covers the hits it weighed: a new unreleased hit more severe than its colour suspends it while that hit stands. The hits of a
-- held colour count too, so that a suspended ruling does not become effective again when a source falls silent.
WITH new_hit AS (
    SELECT DISTINCT r.id
    FROM codes_ruling r
    JOIN codes_verdict v ON v.citizen_id = r.citizen_id
    JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
    CROSS JOIN LATERAL jsonb_array_elements(v.hits) AS hit
    JOIN codes_rule rule ON rule.id = (hit->>'rule_id')::bigint
    WHERE r.state = 'approved'
      AND array_position(ARRAY['green', 'yellow', 'red'], rule.colour) > array_position(ARRAY['green', 'yellow', 'red'], r.colour)
      -- A hit was weighed if a version of its record with the same content (except the spelling of the name) was weighed, and its
      -- rule gave a colour at least as severe as now. For rulings of an earlier release the colours are not known.
      AND NOT EXISTS (
          SELECT FROM jsonb_array_elements(r.weighed) WITH ORDINALITY AS weighed_hit(pair, place)
          JOIN codes_fact before ON before.id = (pair->>1)::bigint
          JOIN codes_fact again ON again.id = (hit->>'fact_id')::bigint AND again.record_id = before.record_id
          WHERE pair->>0 = hit->>'rule' AND again.citizen_id = before.citizen_id
            AND coalesce(array_position(ARRAY['green', 'yellow', 'red'], r.weighed_colours->>(place::int - 1))
                         >= array_position(ARRAY['green', 'yellow', 'red'], rule.colour), true)
            AND (again.origin, again.source_id, again.provider_id, again.kind, again.area, again.started_on, again.ended_on)
                IS NOT DISTINCT FROM
                (before.origin, before.source_id, before.provider_id, before.kind, before.area, before.started_on, before.ended_on))
)
UPDATE codes_ruling r SET suspended_at = CASE WHEN r.id IN (SELECT id FROM new_hit) THEN coalesce(r.suspended_at, run.as_of) END
FROM codes_run run
WHERE run.id = %(run)s AND r.state = 'approved' AND (r.suspended_at IS NOT NULL) <> (r.id IN (SELECT id FROM new_hit))

-- statement: touched
-- The citizens whose code a run decides: those with a verdict, a stored code or a ruling, and, if a provider is not known or is
-- retired, those who have no other provider. Everybody else is green by agreement, before and after. A run that settles only those it
-- judged also includes people whose ruling has ended or is suspended by an earlier hit, since decisions about rulings count at once.
    SELECT citizen_id FROM codes_verdict WHERE {{among}}
    UNION SELECT citizen_id FROM codes_effectivecode WHERE {{among}}
    UNION SELECT citizen_id FROM codes_ruling WHERE state = 'approved'
    UNION SELECT unnest(%(lapsed)s::bigint[])
    UNION SELECT r.citizen_id
          FROM codes_registration r
          WHERE EXISTS (SELECT FROM codes_provider p WHERE p.id NOT IN (SELECT provider_id FROM judging WHERE known))
            AND r.registered_at <= (SELECT as_of FROM codes_run WHERE id = %(run)s) AND {{among}}
          GROUP BY r.citizen_id
          HAVING bool_and(r.provider_id NOT IN (SELECT provider_id FROM judging WHERE known))

-- statement: decide
-- docs/semantics.md §4 for the citizens of `touched`, by the run {{run}} and the rulings in force on `day`. For a citizen judged by an
-- amending run since, the verdicts are those of that run.
judging AS (
    -- The providers with a delivery and a version. The verdicts of those that are not known, because their source is silent, are held
    -- colours.
    SELECT p.provider_id, p.horizon, p.known, provider.code
    FROM codes_runprovider p
    JOIN codes_provider provider ON provider.id = p.provider_id
    WHERE p.run_id = {{run}} AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
),
touched (citizen_id) AS ({{touched}}),
coloured AS (
    SELECT t.citizen_id,
           array_agg(coalesce(v.colour, 'green') ORDER BY j.code) FILTER (WHERE j.known) AS colours,
           max(coalesce(v.colour, 'green')) FILTER (WHERE j.known AND j.code = %(preferred)s) AS preferred,
           array_agg(coalesce(v.colour, 'green') ORDER BY j.horizon DESC) FILTER (WHERE j.known) AS by_horizon,
           array_agg(j.horizon ORDER BY j.horizon DESC) FILTER (WHERE j.known) AS horizons,
           min(v.colour) FILTER (WHERE NOT j.known) AS held  -- a verdict is red or yellow, in this order
    FROM touched t
    LEFT JOIN LATERAL (
        -- One look-up each: a join would read the registrations of the whole city.
        SELECT provider_id FROM codes_registration r WHERE r.citizen_id = t.citizen_id AND {{registration_known}} OFFSET 0
    ) r ON true
    LEFT JOIN judging j ON j.provider_id = r.provider_id
    LEFT JOIN codes_verdict v ON v.citizen_id = t.citizen_id AND v.provider_id = j.provider_id
    GROUP BY t.citizen_id
),
decided AS (
    SELECT c.citizen_id, r.id AS ruling_id,
           CASE
               WHEN r.id IS NOT NULL THEN r.colour
               WHEN held.counts THEN c.held
               ELSE coalesce(by_verdicts.colour, 'unknown')
           END AS colour,
           CASE
               WHEN r.id IS NOT NULL THEN 'ruling'
               WHEN held.counts THEN 'held'
               WHEN by_verdicts.colour IS NULL THEN 'unknown'
               WHEN c.colours[1] = ALL (c.colours) THEN 'agreement'
               ELSE 'policy'
           END AS because
    FROM coloured c
    LEFT JOIN codes_ruling r
           ON r.citizen_id = c.citizen_id AND r.state = 'approved' AND r.suspended_at IS NULL AND r.expires_on > %(day)s
    CROSS JOIN LATERAL (
        SELECT CASE WHEN %(policy)s = 'freshest'
                    THEN (SELECT array_agg(f.colour) FROM unnest(c.by_horizon, c.horizons) AS f(colour, horizon)
                          WHERE f.horizon = c.horizons[1])
                    ELSE c.colours END AS colours
    ) counted
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN c.colours IS NULL THEN NULL
            WHEN %(policy)s = 'prefer' AND c.preferred IS NOT NULL THEN c.preferred
            WHEN 'red' = ANY (counted.colours) THEN 'red'
            WHEN 'yellow' = ANY (counted.colours) THEN 'yellow'
            ELSE 'green'
        END AS colour
    ) by_verdicts
    CROSS JOIN LATERAL (
        -- A silent source lifts nobody: its held colour counts if it is more severe, or if no provider has a colour.
        SELECT CASE WHEN by_verdicts.colour IS NULL THEN c.held IS NOT NULL
                    ELSE coalesce(c.held = 'red' AND by_verdicts.colour <> 'red' OR c.held = 'yellow' AND by_verdicts.colour = 'green', false)
               END AS counts
    ) held
)

-- statement: registration_known
(r.registered_at <= (SELECT as_of FROM codes_run WHERE id = {{run}}) AND NOT {{unjudged}}
            OR EXISTS (SELECT FROM codes_runcitizen named JOIN codes_run later ON later.id = named.run_id
                       WHERE named.citizen_id = r.citizen_id AND later.amends_id = {{run}} AND r.registered_at <= later.as_of
                         AND {{amending}}))

-- statement: settle
-- `run` is the run whose verdicts count, `covered_by` the run by which the codes were settled so far, with the providers that it knew;
-- `cause_run`, or the ruling in force, or the one of `ended` about the citizen is stored as the cause of a change, `at` and `day` as its
-- time.
WITH {{decide}},
compared AS (
    -- A citizen without a row was green by agreement only if a provider with a colour knew them, as in `read`.
    SELECT d.*, coalesce(e.colour, CASE WHEN known.before THEN 'green' ELSE 'unknown' END) AS before,
           coalesce(e.because, CASE WHEN known.before THEN 'agreement' ELSE 'unknown' END) AS before_because
    FROM decided d
    LEFT JOIN codes_effectivecode e ON e.citizen_id = d.citizen_id
    CROSS JOIN LATERAL (
        SELECT e.citizen_id IS NULL AND EXISTS (
                   SELECT FROM codes_registration r
                   WHERE r.citizen_id = d.citizen_id AND r.provider_id = ANY (%(known)s::bigint[]) AND {{registration_known}}) AS before
    ) known
),
changed AS (
    SELECT * FROM compared WHERE (colour, because) IS DISTINCT FROM (before, before_because)
),
history AS (
    INSERT INTO codes_effectivechange (citizen_id, before, before_because, after, after_because, since, day, run_id, ruling_id)
    SELECT c.citizen_id, c.before, c.before_because, c.colour, c.because, %(at)s, %(day)s, %(cause_run)s,
           coalesce(c.ruling_id, ended.ruling_id)
    FROM changed c
    LEFT JOIN unnest(%(ended_of)s::bigint[], %(ended)s::bigint[]) AS ended(citizen_id, ruling_id) ON ended.citizen_id = c.citizen_id
),
gone AS (
    DELETE FROM codes_effectivecode e USING changed c
    WHERE e.citizen_id = c.citizen_id AND c.colour = 'green' AND c.because = 'agreement'
),
present AS (
    INSERT INTO codes_effectivecode (citizen_id, colour, because, since)
    SELECT citizen_id, colour, because, %(at)s FROM changed WHERE NOT (colour = 'green' AND because = 'agreement')
    ON CONFLICT (citizen_id) DO UPDATE SET colour = excluded.colour, because = excluded.because, since = excluded.since
),
messages AS (
    {{write_messages}}
)
SELECT count(*) FROM changed

-- statement: changed_colour
-- The citizens to notify. A change to unknown is not reported, nor one from unknown to green.
SELECT citizen_id, jsonb_build_object('before', before, 'after', colour) || %(why)s::jsonb, colour IN ('red', 'yellow')
FROM changed
WHERE colour <> before AND colour <> 'unknown' AND NOT (before = 'unknown' AND colour = 'green')

-- statement: last
-- The last settled run; its day determines whether its codes are still valid.
    SELECT id, day FROM codes_run WHERE state = ANY (%(settled)s) ORDER BY id DESC LIMIT 1

-- statement: read
-- A citizen without a row is green by agreement only if a provider with a colour knows them; they are never green because there is no
-- run. `over`: the end of the last day of a ruling that has passed but has not been ended yet; the statement `again` decides the code
-- without it. The caller puts `WITH last` before this.
SELECT (SELECT day FROM last) AS run_day, c.id, coalesce(e.colour, CASE WHEN known.any THEN 'green' ELSE 'unknown' END) AS colour,
       coalesce(e.because, CASE WHEN known.any THEN 'agreement' ELSE 'unknown' END) AS because,
       coalesce(e.since, (SELECT max(since) FROM codes_effectivechange WHERE citizen_id = c.id), known.since) AS since,
       (SELECT max(expires_on::timestamp AT TIME ZONE %(zone)s) FROM codes_ruling
        WHERE citizen_id = c.id AND state = 'approved' AND suspended_at IS NULL AND expires_on <= %(day)s) AS over
FROM {{asked}} AS c(id)
LEFT JOIN codes_effectivecode e ON e.citizen_id = c.id
CROSS JOIN LATERAL (
    SELECT bool_or(j.known) AS any, min(r.registered_at) AS since
    FROM codes_registration r
    JOIN codes_runprovider j ON j.provider_id = r.provider_id AND j.run_id = {{run}}
    WHERE r.citizen_id = c.id AND {{registration_known}}
) known

-- statement: again
WITH last AS MATERIALIZED ({{last}}),
{{decide}}
SELECT citizen_id, colour, because FROM decided

-- statement: misstated
-- The stored codes that are not what the verdicts and the rulings in force give. Not compared are people who were joined since the run,
-- whose code is the stricter of two until the next run, and, if the city's policy may have changed since, codes by that policy.
WITH {{decide}}
SELECT citizen.ref, coalesce(e.colour, 'green'), coalesce(e.because, 'agreement'), d.colour, d.because
FROM decided d
JOIN codes_citizen citizen ON citizen.id = d.citizen_id
LEFT JOIN codes_effectivecode e ON e.citizen_id = d.citizen_id
WHERE (e.colour, e.because) IS DISTINCT FROM (d.colour, d.because)
  AND NOT (e.citizen_id IS NULL AND (d.colour, d.because) IN (('green', 'agreement'), ('unknown', 'unknown')))
  AND NOT citizen.ref = ANY (%(joined)s)
  AND (%(same_policy)s OR d.because IN ('ruling', 'agreement', 'unknown'))
ORDER BY citizen.ref

-- statement: lapsed_anywhere
SELECT citizen_id FROM codes_ruling WHERE state = 'approved' AND expires_on <= %(day)s

-- statement: count
-- The same for the whole city, as counts: citizens without a row are green if a provider with a colour knows them.
WITH last AS MATERIALIZED ({{last}}),
{{decide}}
SELECT (SELECT day FROM last), coalesce(d.colour, e.colour, CASE WHEN known.citizen_id IS NULL THEN 'unknown' ELSE 'green' END),
       coalesce(d.because, e.because, CASE WHEN known.citizen_id IS NULL THEN 'unknown' ELSE 'agreement' END), count(*)
FROM codes_citizen c
LEFT JOIN decided d ON d.citizen_id = c.id
LEFT JOIN codes_effectivecode e ON e.citizen_id = c.id
LEFT JOIN (
    SELECT DISTINCT r.citizen_id
    FROM codes_registration r
    JOIN codes_runprovider j ON j.provider_id = r.provider_id AND j.run_id = {{run}} AND j.known
    WHERE {{registration_known}}
) known ON known.citizen_id = c.id
GROUP BY 1, 2, 3

-- statement: code_after
-- The last change of {{citizen}}'s code by the run or a run that amended it, or by a ruling before the next run and not after `to_day`.
-- Without one it is green by agreement only if a provider with a colour knew the citizen, as in `read`.
SELECT coalesce(last.after, CASE WHEN known.before THEN 'green' ELSE 'unknown' END) AS after,
           coalesce(last.after_because, CASE WHEN known.before THEN 'agreement' ELSE 'unknown' END) AS after_because
    FROM (SELECT {{citizen}} AS id) citizen
    LEFT JOIN LATERAL (
        SELECT change.after, change.after_because
        FROM codes_effectivechange change
        WHERE change.citizen_id = citizen.id
          AND ((SELECT coalesce(brought.amends_id, brought.id) FROM codes_run brought WHERE brought.id = change.run_id) <= %(standing_run)s
               OR change.run_id IS NULL AND change.day <= coalesce(%(to_day)s::date, 'infinity')
                  AND change.since < coalesce(%(until)s::timestamptz, 'infinity'))
        ORDER BY change.id DESC LIMIT 1
    ) last ON true
    CROSS JOIN LATERAL (
        SELECT last.after IS NULL AND EXISTS (
                   SELECT FROM codes_registration r
                   JOIN codes_runprovider j ON j.provider_id = r.provider_id AND j.run_id = %(standing_run)s AND j.known
                   WHERE r.citizen_id = citizen.id AND {{registration_known}}) AS before
    ) known

-- statement: daily
-- The citizen's code at the end of each day from `since` to `day`, with the day of the run that was in effect then. Without a change so
-- far it was green by agreement if a provider with a colour knew the citizen, as in `read`.
SELECT d.day::date, run.day, coalesce(last.after, CASE WHEN known.any THEN 'green' ELSE 'unknown' END),
       coalesce(last.after_because, CASE WHEN known.any THEN 'agreement' ELSE 'unknown' END)
FROM generate_series(%(since)s::date, %(day)s::date, interval '1 day') AS d(day)
LEFT JOIN LATERAL (
    SELECT id, day, as_of FROM codes_run WHERE state = ANY (%(settled)s) AND codes_run.day <= d.day
    ORDER BY codes_run.day DESC, id DESC LIMIT 1
) run ON true
LEFT JOIN LATERAL (
    SELECT after, after_because FROM codes_effectivechange change
    WHERE change.citizen_id = %(citizen)s AND change.day <= d.day
    ORDER BY change.since DESC, change.id DESC LIMIT 1
) last ON true
CROSS JOIN LATERAL (
    SELECT bool_or(j.known) AS any
    FROM codes_registration r
    JOIN codes_runprovider j ON j.provider_id = r.provider_id AND j.run_id = run.id
    WHERE r.citizen_id = %(citizen)s AND r.registered_at <= run.as_of AND NOT {{unjudged}}
) known
