-- statement: compare
-- The verdicts after the run: for each citizen and provider the last change by a settled or amending run up to it. Changes held by the
-- run itself are included, because it judged them; those held by an earlier run never took effect. Green verdicts have no row on
-- either side, nor has a provider that could not judge.
stored AS MATERIALIZED (
    SELECT * FROM (
        SELECT DISTINCT ON (change.citizen_id, change.provider_id) change.*
        FROM codes_verdictchange change
        JOIN codes_runprovider p ON p.run_id = %(run)s AND p.provider_id = change.provider_id AND p.known
        WHERE {{stood}}
          AND (change.held_in_id IS NULL OR change.run_id = %(run)s)
          AND change.citizen_id >= %(low)s AND change.citizen_id < %(high)s
        ORDER BY change.citizen_id, change.provider_id, change.run_id DESC
    ) last_change
    WHERE after <> 'green'
),
both_sides AS (
    SELECT coalesce(s.citizen_id, t.citizen_id) AS citizen_id, coalesce(s.provider_id, t.provider_id) AS provider_id,
           jsonb_build_object('colour', coalesce(s.after, 'green'), 'rule_set_version', s.version_id,
                              'hits', {{stored_hits}}, 'turns_green_on', {{stored_green_on}},
                              'needs', s.needs) AS stored,
           jsonb_build_object('colour', coalesce(t.colour, 'green'), 'rule_set_version', t.version_id,
                              'hits', {{replayed_hits}}, 'turns_green_on', {{replayed_green_on}},
                              'needs', t.needs) AS replayed
    FROM stored s
    FULL JOIN (SELECT today.* FROM today
               JOIN codes_runprovider p ON p.run_id = %(run)s AND p.provider_id = today.provider_id AND p.known) t ON t.citizen_id = s.citizen_id AND t.provider_id = s.provider_id
    JOIN codes_run run ON run.id = %(run)s
)
SELECT c.ref, provider.code, stored, replayed
FROM both_sides
JOIN codes_citizen c ON c.id = both_sides.citizen_id
JOIN codes_provider provider ON provider.id = both_sides.provider_id
WHERE stored <> replayed
ORDER BY c.id, provider.code

-- statement: hits
-- The hits with the days known on the run's day: a run before may have stored another form of them.
coalesce((SELECT jsonb_agg(hit - 'healthy_days' || jsonb_build_object('until', {{until}}) ORDER BY place)
                               FROM jsonb_array_elements({{hits}}) WITH ORDINALITY AS each(hit, place)), '[]')

-- statement: stood_then
change.run_id IN (SELECT id FROM codes_run WHERE id <= %(run)s AND state = ANY(%(counted)s))

-- statement: kept_then
change.run_id = %(run)s

-- statement: count
-- People without facts are green on both sides and are counted.
SELECT count(*)
FROM codes_registration r
JOIN codes_runprovider p ON p.run_id = %(run)s AND p.provider_id = r.provider_id AND p.known
WHERE r.citizen_id >= %(low)s AND r.citizen_id < %(high)s
  AND r.registered_at <= (SELECT as_of FROM codes_run WHERE id = %(run)s)
