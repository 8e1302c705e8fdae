-- statement: end_expired
UPDATE codes_ruling r SET state = 'ended', ended_at = run.as_of
FROM codes_run run WHERE run.id = %(run)s AND r.state = 'approved' AND r.expires_on <= run.day

-- statement: suspend
-- A ruling covers the hits it weighed: a new unreleased hit more severe than its colour suspends it while that hit stands.
WITH new_hit AS (
    SELECT DISTINCT r.id
    FROM codes_ruling r
    JOIN codes_verdict v ON v.citizen_id = r.citizen_id
    JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s AND p.known
    CROSS JOIN LATERAL jsonb_array_elements(v.hits) AS hit
    JOIN codes_rule rule ON rule.id = (hit->>'rule_id')::bigint
    WHERE r.state = 'approved'
      AND array_position(ARRAY['green', 'yellow', 'red'], rule.colour) > array_position(ARRAY['green', 'yellow', 'red'], r.colour)
      AND NOT r.weighed @> jsonb_build_array(jsonb_build_array(hit->'rule', hit->'fact_id'))
)
UPDATE codes_ruling r SET suspended_at = CASE WHEN r.id IN (SELECT id FROM new_hit) THEN coalesce(r.suspended_at, run.as_of) END
FROM codes_run run
WHERE run.id = %(run)s AND r.state = 'approved' AND (r.suspended_at IS NOT NULL) <> (r.id IN (SELECT id FROM new_hit))

-- statement: touched_by_run
-- Whom a run looks at: whoever has a verdict, a stored code, a ruling – and, when a provider is not known, whoever has no other.
-- Everybody else is green by agreement, before and after.
    SELECT citizen_id FROM codes_verdict
    UNION SELECT citizen_id FROM codes_effectivecode
    UNION SELECT citizen_id FROM codes_ruling WHERE state = 'approved' AND suspended_at IS NULL
    UNION SELECT r.citizen_id
          FROM codes_registration r
          WHERE EXISTS (SELECT FROM codes_runprovider p WHERE p.run_id = %(run)s AND NOT p.known)
          GROUP BY r.citizen_id
          HAVING bool_and(r.provider_id NOT IN (SELECT provider_id FROM known))

-- statement: settle
-- `run` is whose verdicts count; `cause_run` and `cause_ruling` are what the change is put down to, `at` and `day` when it is.
WITH known AS (
    SELECT p.provider_id, p.horizon, provider.code
    FROM codes_runprovider p
    JOIN codes_provider provider ON provider.id = p.provider_id
    WHERE p.run_id = %(run)s AND p.known
),
touched (citizen_id) AS ({{touched}}),
coloured AS (
    SELECT t.citizen_id,
           array_agg(coalesce(v.colour, 'green') ORDER BY k.code) FILTER (WHERE k.provider_id IS NOT NULL) AS colours,
           max(coalesce(v.colour, 'green')) FILTER (WHERE k.code = %(preferred)s) AS preferred,
           array_agg(coalesce(v.colour, 'green') ORDER BY k.horizon DESC) FILTER (WHERE k.provider_id IS NOT NULL) AS by_horizon,
           array_agg(k.horizon ORDER BY k.horizon DESC) FILTER (WHERE k.provider_id IS NOT NULL) AS horizons
    FROM touched t
    LEFT JOIN LATERAL (
        -- One look-up each: a join would read the registrations of the whole city.
        SELECT provider_id FROM codes_registration
        WHERE citizen_id = t.citizen_id AND registered_at <= (SELECT as_of FROM codes_run WHERE id = %(run)s)
        OFFSET 0
    ) r ON true
    LEFT JOIN known k ON k.provider_id = r.provider_id
    LEFT JOIN codes_verdict v ON v.citizen_id = t.citizen_id AND v.provider_id = k.provider_id
    GROUP BY t.citizen_id
),
decided AS (
    SELECT c.citizen_id, r.id AS ruling_id, c.colours IS NULL AS unseen,
           CASE
               WHEN r.id IS NOT NULL THEN r.colour
               WHEN c.colours IS NULL THEN 'unknown'
               WHEN %(policy)s = 'prefer' AND c.preferred IS NOT NULL THEN c.preferred
               WHEN 'red' = ANY (counted.colours) THEN 'red'
               WHEN 'yellow' = ANY (counted.colours) THEN 'yellow'
               ELSE 'green'
           END AS colour,
           CASE
               WHEN r.id IS NOT NULL THEN 'ruling'
               WHEN c.colours IS NULL THEN 'unknown'
               WHEN c.colours[1] = ALL (c.colours) THEN 'agreement'
               ELSE 'policy'
           END AS because
    FROM coloured c
    LEFT JOIN codes_ruling r ON r.citizen_id = c.citizen_id AND r.state = 'approved' AND r.suspended_at IS NULL
    CROSS JOIN LATERAL (
        SELECT CASE WHEN %(policy)s = 'freshest'
                    THEN (SELECT array_agg(f.colour) FROM unnest(c.by_horizon, c.horizons) AS f(colour, horizon)
                          WHERE f.horizon = c.horizons[1])
                    ELSE c.colours END AS colours
    ) counted
),
compared AS (
    -- No row was green by agreement; for somebody whom no run has covered it was no colour at all.
    SELECT d.*, coalesce(e.colour, CASE WHEN d.unseen AND %(cause_run)s IS NULL THEN 'unknown' ELSE 'green' END) AS before,
           coalesce(e.because, CASE WHEN d.unseen AND %(cause_run)s IS NULL THEN 'unknown' ELSE 'agreement' END) AS before_because
    FROM decided d
    LEFT JOIN codes_effectivecode e ON e.citizen_id = d.citizen_id
),
changed AS (
    SELECT * FROM compared WHERE (colour, because) IS DISTINCT FROM (before, before_because)
),
history AS (
    INSERT INTO codes_effectivechange (citizen_id, before, before_because, after, after_because, since, day, run_id, ruling_id)
    SELECT citizen_id, before, before_because, colour, because, %(at)s, %(day)s, %(cause_run)s,
           coalesce(ruling_id, %(cause_ruling)s)
    FROM changed
),
gone AS (
    DELETE FROM codes_effectivecode e USING changed c
    WHERE e.citizen_id = c.citizen_id AND c.colour = 'green' AND c.because = 'agreement'
),
present AS (
    INSERT INTO codes_effectivecode (citizen_id, colour, because, since)
    SELECT citizen_id, colour, because, %(at)s FROM changed WHERE NOT (colour = 'green' AND because = 'agreement')
    ON CONFLICT (citizen_id) DO UPDATE SET colour = excluded.colour, because = excluded.because, since = excluded.since
)
SELECT count(*) FROM changed

-- statement: read
-- No row is green by agreement only for somebody a provider with a colour knows; it is never green for want of a run.
SELECT coalesce(e.colour, CASE WHEN known.any THEN 'green' ELSE 'unknown' END),
       coalesce(e.because, CASE WHEN known.any THEN 'agreement' ELSE 'unknown' END),
       coalesce(e.since, (SELECT max(since) FROM codes_effectivechange c WHERE c.citizen_id = %(citizen)s), known.since)
FROM (SELECT bool_or(p.known) AS any, min(r.registered_at) AS since
      FROM codes_registration r
      JOIN codes_runprovider p ON p.provider_id = r.provider_id
      JOIN codes_run run ON run.id = p.run_id AND r.registered_at <= run.as_of
      WHERE r.citizen_id = %(citizen)s
        AND run.id = (SELECT max(id) FROM codes_run WHERE state IN ('done', 'partial'))) known
LEFT JOIN codes_effectivecode e ON e.citizen_id = %(citizen)s
