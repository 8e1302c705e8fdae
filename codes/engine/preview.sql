-- statement: these
-- The run's inputs for these citizens, but with everything the city knows at an instant of the caller's choosing.
    SELECT row_number() OVER (), r.citizen_id, p.provider_id, p.source_id, p.version_id, p.horizon,
           %(known_at)s::timestamptz, run.day, NULL::date
    FROM codes_run run
    JOIN codes_runprovider p ON p.run_id = run.id AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
    JOIN codes_registration r ON r.provider_id = p.provider_id AND r.registered_at <= run.as_of
    WHERE run.id = %(run)s AND r.citizen_id = ANY (%(citizens)s)

-- statement: compare
SELECT s.citizen_id, provider.code, coalesce(stood.colour, 'green'), coalesce(v.colour, 'green'), NOT p.known
FROM subject s
JOIN codes_provider provider ON provider.id = s.declared_with
JOIN codes_runprovider p ON p.run_id = %(run)s AND p.provider_id = s.declared_with
LEFT JOIN verdict v ON v.sid = s.sid
LEFT JOIN codes_verdict stood ON stood.citizen_id = s.citizen_id AND stood.provider_id = s.declared_with
WHERE coalesce(stood.colour, 'green') <> coalesce(v.colour, 'green')
  -- What is kept back of a mass change would not follow from what is tried here.
  AND NOT EXISTS (SELECT FROM codes_verdictchange kept
                  JOIN codes_heldgroup held ON held.id = kept.held_in_id AND held.state = 'held'
                  JOIN codes_run run ON run.id = kept.run_id AND %(run)s IN (run.id, run.amends_id)
                  WHERE kept.citizen_id = s.citizen_id AND kept.provider_id = s.declared_with
                    AND kept.after = coalesce(v.colour, 'green'))
ORDER BY s.citizen_id, provider.code
