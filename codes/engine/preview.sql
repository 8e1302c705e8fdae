-- statement: these
-- The run's inputs for the given citizens, with everything the city knew at the given instant.
    SELECT row_number() OVER (), r.citizen_id, p.provider_id, p.source_id, p.version_id, p.horizon,
           %(known_at)s::timestamptz, %(day)s::date, NULL::date
    FROM codes_run run
    JOIN codes_runprovider p ON p.run_id = run.id AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
    JOIN codes_registration r ON r.provider_id = p.provider_id AND r.registered_at <= run.as_of
    WHERE run.id = %(run)s AND r.citizen_id = ANY (%(citizens)s)

-- statement: differing
differing AS (
SELECT s.citizen_id, s.declared_with, provider.code, coalesce(stood.colour, 'green') AS before,
       coalesce(v.colour, 'green') AS after, NOT p.known AS is_held, v.version_id, v.hits, v.turns_green_on, v.healthy_days,
       v.needs
FROM subject s
JOIN codes_provider provider ON provider.id = s.declared_with
JOIN codes_runprovider p ON p.run_id = %(run)s AND p.provider_id = s.declared_with
LEFT JOIN verdict v ON v.sid = s.sid
LEFT JOIN codes_verdict stood ON stood.citizen_id = s.citizen_id AND stood.provider_id = s.declared_with
-- Includes changes of hits under the same colour, because rulings cover individual hits.
WHERE (stood.colour, stood.hits) IS DISTINCT FROM (v.colour, v.hits)
  -- Changes held in a mass change do not result from what is previewed.
  AND NOT EXISTS (SELECT FROM codes_verdictchange kept
                  JOIN codes_heldgroup held ON held.id = kept.held_in_id AND held.state = 'held'
                  JOIN codes_run run ON run.id = kept.run_id AND %(run)s IN (run.id, run.amends_id)
                  WHERE kept.citizen_id = s.citizen_id AND kept.provider_id = s.declared_with
                    AND kept.after = coalesce(v.colour, 'green'))
)

-- statement: compare
SELECT citizen_id, code, before, after, is_held FROM differing WHERE before <> after ORDER BY citizen_id, code

-- statement: put
-- Replace the current verdicts by the previewed ones. The caller rolls back.
, gone AS (
    DELETE FROM codes_verdict v USING differing d
    WHERE d.after = 'green' AND v.citizen_id = d.citizen_id AND v.provider_id = d.declared_with
)
INSERT INTO codes_verdict (citizen_id, provider_id, version_id, colour, hits, turns_green_on, healthy_days, needs, run_id)
SELECT citizen_id, declared_with, version_id, after, hits, turns_green_on, healthy_days, needs, %(run)s FROM differing WHERE after <> 'green'
ON CONFLICT (citizen_id, provider_id) DO UPDATE
SET version_id = excluded.version_id, colour = excluded.colour, hits = excluded.hits,
    turns_green_on = excluded.turns_green_on, healthy_days = excluded.healthy_days, needs = excluded.needs, run_id = excluded.run_id
