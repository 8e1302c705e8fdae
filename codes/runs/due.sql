-- statement: mark
-- The first fact, by key, that this run does not see and a later one may, and the first registration. Whoever stores either holds
-- the city's intake until the end of their transaction, so that all with smaller keys are there.
SELECT coalesce((SELECT coalesce(min(f.id) FILTER (WHERE f.received_at > run.as_of OR f.recorded_at > h.horizon), max(f.id) + 1)
                 FROM codes_fact f
                 LEFT JOIN (SELECT source_id, min(horizon) AS horizon FROM codes_runprovider
                            WHERE run_id = %(run)s GROUP BY source_id) h ON h.source_id = f.source_id
                 WHERE f.id >= %(facts_from)s), %(facts_from)s),
       coalesce((SELECT coalesce(min(r.id) FILTER (WHERE r.registered_at > run.as_of), max(r.id) + 1)
                 FROM codes_registration r
                 WHERE r.id >= %(registrations_from)s), %(registrations_from)s)
FROM codes_run run
WHERE run.id = %(run)s

-- statement: queue
-- Whose verdict can be another than after the run `last`. When in doubt somebody is judged: it costs little, and changes nothing.
WITH run AS MATERIALIZED (SELECT * FROM codes_run WHERE id = %(run)s),
last AS MATERIALIZED (SELECT * FROM codes_run WHERE id = %(last)s),
-- One that cannot judge now is judged in full when it can again.
awaited AS MATERIALIZED (
    SELECT n.* FROM codes_nextchange n
    JOIN codes_runprovider p ON p.provider_id = n.provider_id AND p.run_id = %(run)s
                            AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
),
fresh AS MATERIALIZED (
    SELECT citizen_id, kind, version, record_id, source_id, provider_id FROM codes_fact WHERE id >= (SELECT facts_from FROM last)
),
due AS (
    -- A new record can hold only those whom a rule in force is about; a changed or revoked one everybody it was ever about.
    SELECT citizen_id FROM fresh WHERE version > 1 OR kind = ANY (%(kinds)s)
    UNION ALL
    SELECT told.citizen_id
    FROM fresh
    CROSS JOIN LATERAL (
        SELECT citizen_id FROM codes_fact
        WHERE record_id = fresh.record_id AND source_id IS NOT DISTINCT FROM fresh.source_id
          AND provider_id IS NOT DISTINCT FROM fresh.provider_id
        OFFSET 0
    ) told
    WHERE fresh.version > 1
    UNION ALL
    -- Any other one can only release a hit.
    SELECT n.citizen_id FROM awaited n JOIN fresh ON fresh.citizen_id = n.citizen_id AND fresh.kind = ANY (n.kinds)
    UNION ALL
    -- A day has come; or what a run wrote that did not settle has taken the place of what stood.
    SELECT n.citizen_id FROM awaited n, run WHERE n.next_on <= run.day OR n.run_id > %(last)s
    UNION ALL
    -- A check-in is missing, or one of the days before counts otherwise than it did.
    SELECT n.citizen_id
    FROM awaited n
    CROSS JOIN run
    LEFT JOIN LATERAL (
        SELECT days, complete_at FROM codes_checkindays
        WHERE citizen_id = n.citizen_id AND provider_id = n.provider_id
        OFFSET 0
    ) known ON true
    WHERE n.checked_in IS NOT NULL
      AND (known.complete_at > run.as_of
           OR NOT coalesce(known.days, '{}') @> daterange(n.judged_on, run.day)
           OR coalesce(known.days, '{}') * datemultirange(daterange(NULL, n.judged_on)) <> n.checked_in)
    UNION ALL
    SELECT citizen_id FROM codes_registration WHERE id >= (SELECT registrations_from FROM last)
    UNION ALL
    -- Two people decided about a record. What was decided while the last run worked it may have seen in part.
    SELECT told.citizen_id
    FROM codes_suppression wrong
    CROSS JOIN last
    JOIN codes_fact told ON told.record_id = wrong.record_id
    WHERE wrong.state IN ('approved', 'ended') AND greatest(wrong.decided_at, wrong.ended_at) > last.as_of - %(margin)s::interval
    UNION ALL
    SELECT citizen_id FROM codes_formerref, last WHERE joined_at > last.started_at - %(margin)s::interval
    UNION ALL
    -- Whom an amending run judged by what is known since, and whose change is kept back.
    SELECT named.citizen_id FROM codes_runcitizen named JOIN codes_run amending ON amending.id = named.run_id
    WHERE amending.amends_id = %(last)s
    UNION ALL
    SELECT kept.citizen_id FROM codes_verdictchange kept JOIN codes_run judged ON judged.id = kept.run_id
    WHERE kept.held_in_id IS NOT NULL AND %(last)s IN (judged.id, judged.amends_id)
    UNION ALL
    -- A part of the city that the last run gave up.
    SELECT known.citizen_id
    FROM codes_partition parked
    JOIN (SELECT citizen_id FROM codes_fact UNION ALL SELECT citizen_id FROM codes_verdict) known
      ON known.citizen_id >= parked.low AND known.citizen_id < parked.high
    WHERE parked.run_id = %(last)s AND parked.state = 'parked'
    UNION ALL
    -- Providers that judge by something else than before: everybody with them,
    SELECT registered.citizen_id
    FROM codes_registration registered
    WHERE registered.provider_id = ANY (%(in_full)s::bigint[])
    UNION ALL
    -- by another risk list only, whoever has a stay or is held; and where a later version is known, whoever is held.
    SELECT citizen_id FROM codes_fact WHERE kind = 'area_stay' AND %(other_lists)s::bigint[] <> '{}'
    UNION ALL
    SELECT citizen_id FROM codes_verdict WHERE provider_id = ANY (%(other_lists)s::bigint[] || %(later_versions)s::bigint[])
)
INSERT INTO codes_duecitizen (citizen_id) SELECT DISTINCT citizen_id FROM due
