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
-- Apply the run's changes that are not held to the current verdicts, in one statement.
WITH mine AS MATERIALIZED (SELECT * FROM codes_verdictchange WHERE run_id = %(run)s AND held_in_id IS NULL),
gone AS (
    DELETE FROM codes_verdict v USING mine
    WHERE mine.after = 'green' AND v.citizen_id = mine.citizen_id AND v.provider_id = mine.provider_id
)
INSERT INTO codes_verdict (citizen_id, provider_id, version_id, colour, hits, turns_green_on, healthy_days, needs, run_id)
SELECT citizen_id, provider_id, version_id, after, hits, turns_green_on, healthy_days, needs, run_id FROM mine WHERE after <> 'green'
ON CONFLICT (citizen_id, provider_id) DO UPDATE
SET version_id = excluded.version_id, colour = excluded.colour, hits = excluded.hits,
    turns_green_on = excluded.turns_green_on, healthy_days = excluded.healthy_days, needs = excluded.needs, run_id = excluded.run_id

-- statement: count_kept
-- The same counts for a run of history, which stores every verdict of its day that is not green as a change.
UPDATE codes_runprovider p
SET registered = (SELECT count(*) FROM codes_registration r WHERE r.provider_id = p.provider_id AND r.registered_at <= run.as_of),
    red = CASE WHEN p.known THEN coalesce(counted.red, 0) END,
    yellow = CASE WHEN p.known THEN coalesce(counted.yellow, 0) END
FROM codes_run run
CROSS JOIN codes_provider provider
LEFT JOIN (SELECT provider_id, count(*) FILTER (WHERE after = 'red') AS red, count(*) FILTER (WHERE after = 'yellow') AS yellow
           FROM codes_verdictchange WHERE run_id = %(run)s GROUP BY provider_id) counted ON counted.provider_id = provider.id
WHERE run.id = p.run_id AND run.id = %(run)s AND provider.id = p.provider_id
