-- statement: count
UPDATE codes_runprovider p
SET registered = (SELECT count(*) FROM codes_registration r WHERE r.provider_id = p.provider_id AND r.registered_at <= run.as_of),
    red = CASE WHEN p.known THEN (SELECT count(*) FROM codes_verdict v WHERE v.provider_id = p.provider_id AND v.colour = 'red') END,
    yellow = CASE WHEN p.known
                  THEN (SELECT count(*) FROM codes_verdict v WHERE v.provider_id = p.provider_id AND v.colour = 'yellow') END,
    held_red = CASE WHEN NOT p.known AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
                    THEN (SELECT count(*) FROM codes_verdict v WHERE v.provider_id = p.provider_id AND v.colour = 'red') END,
    held_yellow = CASE WHEN NOT p.known AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
                       THEN (SELECT count(*) FROM codes_verdict v WHERE v.provider_id = p.provider_id AND v.colour = 'yellow') END
FROM codes_run run
WHERE run.id = p.run_id AND run.id = %s

-- statement: apply
-- The run's history becomes what the city shows, all of it at one instant.
WITH mine AS MATERIALIZED (SELECT * FROM codes_verdictchange WHERE run_id = %(run)s AND held_in_id IS NULL),
gone AS (
    DELETE FROM codes_verdict v USING mine
    WHERE mine.after = 'green' AND v.citizen_id = mine.citizen_id AND v.provider_id = mine.provider_id
)
INSERT INTO codes_verdict (citizen_id, provider_id, version_id, colour, hits, turns_green_on, needs, run_id)
SELECT citizen_id, provider_id, version_id, after, hits, turns_green_on, needs, run_id FROM mine WHERE after <> 'green'
ON CONFLICT (citizen_id, provider_id) DO UPDATE
SET version_id = excluded.version_id, colour = excluded.colour, hits = excluded.hits,
    turns_green_on = excluded.turns_green_on, needs = excluded.needs, run_id = excluded.run_id
