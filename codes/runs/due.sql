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
-- `since`: the first day of what is new about them. With what their hits rest on it is all that needs to be read; none: read all.
WITH run AS MATERIALIZED (SELECT * FROM codes_run WHERE id = %(run)s),
last AS MATERIALIZED (SELECT * FROM codes_run WHERE id = %(last)s),
-- One that cannot judge now is judged in full when it can again.
awaited AS MATERIALIZED (
    SELECT n.* FROM codes_nextchange n
    JOIN codes_runprovider p ON p.provider_id = n.provider_id AND p.run_id = %(run)s
                            AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
),
fresh AS MATERIALIZED (
    SELECT citizen_id, kind, version, record_id, source_id, provider_id, origin, started_on, recorded_at
    FROM codes_fact WHERE id >= (SELECT facts_from FROM last)
),
due (citizen_id, since) AS (
    -- A new record can hold only those whom a rule in force is about; a changed or revoked one everybody it was ever about. A symptom
    -- takes back a healthy day, by which a hit may have been released.
    SELECT citizen_id, {{since}} FROM fresh WHERE version > 1 OR kind = ANY (%(kinds)s) OR kind = 'symptom'
    UNION ALL
    SELECT told.citizen_id, NULL::date
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
    SELECT n.citizen_id, {{since}} FROM awaited n JOIN fresh ON fresh.citizen_id = n.citizen_id AND fresh.kind = ANY (n.kinds)
    UNION ALL
    -- A day has come; or what a run wrote that did not settle has taken the place of what stood.
    SELECT n.citizen_id, CASE WHEN n.run_id <= %(last)s THEN run.day END
    FROM awaited n, run WHERE n.next_on <= run.day OR n.run_id > %(last)s
    UNION ALL
    -- A check-in is missing, or one of the days before counts otherwise than it did; or one came in since of a day that runs again.
    SELECT n.citizen_id, run.day
    FROM awaited n
    CROSS JOIN run
    CROSS JOIN last
    LEFT JOIN LATERAL (
        SELECT days, complete_at FROM codes_checkindays
        WHERE citizen_id = n.citizen_id AND provider_id = n.provider_id
        OFFSET 0
    ) known ON true
    WHERE n.checked_in IS NOT NULL
      AND (known.complete_at > run.as_of
           OR NOT coalesce(known.days, '{}') @> daterange(n.judged_on, run.day)
           OR coalesce(known.days, '{}') * datemultirange(daterange(NULL, n.judged_on)) <> n.checked_in
           OR n.judged_on = run.day AND known.complete_at > last.as_of)
    UNION ALL
    SELECT citizen_id, NULL FROM codes_registration WHERE id >= (SELECT registrations_from FROM last)
    UNION ALL
    -- Two people decided about a record. What was decided while the last run worked it may have seen in part.
    SELECT told.citizen_id, NULL
    FROM codes_suppression wrong
    CROSS JOIN last
    JOIN codes_fact told ON told.record_id = wrong.record_id
    WHERE wrong.state IN ('approved', 'ended') AND greatest(wrong.decided_at, wrong.ended_at) > last.as_of - %(margin)s::interval
    UNION ALL
    SELECT citizen_id, NULL FROM codes_formerref, last WHERE joined_at > last.started_at - %(margin)s::interval
    UNION ALL
    -- Whom an amending run judged by what is known since, and whose change is kept back.
    SELECT named.citizen_id, NULL FROM codes_runcitizen named JOIN codes_run amending ON amending.id = named.run_id
    WHERE amending.amends_id = %(last)s
    UNION ALL
    SELECT kept.citizen_id, NULL FROM codes_verdictchange kept JOIN codes_run judged ON judged.id = kept.run_id
    WHERE kept.held_in_id IS NOT NULL AND %(last)s IN (judged.id, judged.amends_id)
    UNION ALL
    -- A part of the city that the last run gave up.
    SELECT known.citizen_id, NULL
    FROM codes_partition parked
    JOIN (SELECT citizen_id FROM codes_fact UNION ALL SELECT citizen_id FROM codes_verdict) known
      ON known.citizen_id >= parked.low AND known.citizen_id < parked.high
    WHERE parked.run_id = %(last)s AND parked.state = 'parked'
    UNION ALL
    -- Providers that judge by something else than before: everybody with them,
    SELECT registered.citizen_id, NULL
    FROM codes_registration registered
    WHERE registered.provider_id = ANY (%(in_full)s::bigint[])
    UNION ALL
    -- by another risk list only, whoever has a stay or is held; and where a later version is known, whoever is held.
    SELECT citizen_id, NULL FROM codes_fact WHERE kind = 'area_stay' AND %(other_lists)s::bigint[] <> '{}'
    UNION ALL
    SELECT citizen_id, NULL FROM codes_verdict WHERE provider_id = ANY (%(other_lists)s::bigint[] || %(later_versions)s::bigint[])
)
INSERT INTO codes_duecitizen (citizen_id, reads_from)
SELECT due.citizen_id, CASE WHEN bool_and(due.since IS NOT NULL AND (n.id IS NULL OR n.rests_from IS NOT NULL))
                            THEN least(min(due.since), min(n.rests_from)) END
FROM due
LEFT JOIN codes_nextchange n ON n.citizen_id = due.citizen_id
GROUP BY due.citizen_id

-- statement: since
-- The first day of a new record. What people say of themselves may go back on what they said before.
CASE WHEN fresh.origin = 'source' AND fresh.version = 1
                       THEN least(fresh.started_on, (fresh.recorded_at AT TIME ZONE %(zone)s)::date) END

-- statement: prove
-- Besides them the day's part of the city, judged in full; of those in it whom nothing else made due, what was foreseen.
INSERT INTO codes_duecitizen (citizen_id, foreseen)
SELECT c.id, (SELECT coalesce(jsonb_agg(jsonb_build_array({{foreseen}}) ORDER BY n.provider_id), '[]')
              FROM codes_nextchange n WHERE n.citizen_id = c.id AND NOT n.gone)
FROM codes_citizen c
JOIN codes_run run ON run.id = %(run)s
WHERE c.id %% %(parts)s = (run.day - date '2020-01-01') %% %(parts)s
  AND (EXISTS (SELECT FROM codes_fact f WHERE f.citizen_id = c.id) OR EXISTS (SELECT FROM codes_verdict v WHERE v.citizen_id = c.id))
ON CONFLICT (citizen_id) DO UPDATE SET reads_from = NULL

-- statement: foreseen
n.provider_id, n.next_on, n.kinds, n.rests_from

-- statement: unforeseen
-- Who was judged for proof only and found to be otherwise than what stood, or to change on another day than was foreseen. Call before
-- the run's changes are applied. These are looked up once: one by one they can be sought in the block range index each time.
SELECT count(*) AS judged,
       count(*) FILTER (WHERE due.foreseen <> now.foreseen
                           OR due.citizen_id IN (SELECT citizen_id FROM codes_verdictchange WHERE run_id = %(run)s))
FROM codes_duecitizen due
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_array({{foreseen}}) ORDER BY n.provider_id), '[]') AS foreseen
    FROM codes_nextchange n WHERE n.citizen_id = due.citizen_id AND NOT n.gone
) now
WHERE due.foreseen IS NOT NULL
