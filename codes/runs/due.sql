-- statement: mark
-- The smallest key of a fact that this run does not see and a later one may, and the same of a registration. Transactions that
-- store either hold the city's intake lock until they end, so that all rows with smaller keys are visible.
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
-- The people whose verdict may have changed since the run `last`. In doubt a person is judged: it costs little and changes nothing.
-- `since`: the first day of the new data about the person. Only this and the facts of their hits need to be read; null: read all.
WITH run AS MATERIALIZED (SELECT * FROM codes_run WHERE id = %(run)s),
last AS MATERIALIZED (SELECT * FROM codes_run WHERE id = %(last)s),
-- A provider that cannot judge now is judged in full when it can again.
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
    -- A new record can cause a hit only if a rule in force is about its kind; a changed or revoked one affects everybody it was ever
    -- about. A symptom revokes a healthy day, by which a hit may have been released.
    SELECT citizen_id, {{since}} FROM fresh WHERE version > 1 OR kind = ANY (%(kinds)s) OR kind = 'symptom'
    UNION ALL
    SELECT affected.citizen_id, NULL::date
    FROM fresh
    CROSS JOIN LATERAL (
        SELECT citizen_id FROM codes_fact
        WHERE record_id = fresh.record_id AND source_id IS NOT DISTINCT FROM fresh.source_id
          AND provider_id IS NOT DISTINCT FROM fresh.provider_id
        OFFSET 0
    ) affected
    WHERE fresh.version > 1
    UNION ALL
    -- A new record of any other kind can only release a hit.
    SELECT n.citizen_id, {{since}} FROM awaited n JOIN fresh ON fresh.citizen_id = n.citizen_id AND fresh.kind = ANY (n.kinds)
    UNION ALL
    -- The day of the next change has been reached; or the row was overwritten by a run that did not settle.
    SELECT n.citizen_id, CASE WHEN n.run_id <= %(last)s THEN run.day END
    FROM awaited n, run WHERE n.next_on <= run.day OR n.run_id > %(last)s
    UNION ALL
    -- A check-in is missing by which a day of release was stored, or one has been made where there had been none; an earlier day counts
    -- differently than before; or, if the same day is judged again, a check-in has arrived since.
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
           OR n.has_streak AND NOT coalesce(known.days, '{}') @> daterange(n.judged_on, run.day)
           OR NOT n.has_streak AND coalesce(known.days, '{}') && daterange(n.judged_on, run.day)
           OR coalesce(known.days, '{}') * datemultirange(daterange(NULL, n.judged_on)) <> n.checked_in
           OR n.judged_on = run.day AND known.complete_at > last.as_of)
    UNION ALL
    SELECT citizen_id, NULL FROM codes_registration WHERE id >= (SELECT registrations_from FROM last)
    UNION ALL
    -- Two people decided about a record. Decisions made during the last run may have been seen by only some of its partitions.
    SELECT fact.citizen_id, NULL
    FROM codes_suppression wrong
    CROSS JOIN last
    JOIN codes_fact fact ON fact.record_id = wrong.record_id
    WHERE wrong.state IN ('approved', 'ended') AND greatest(wrong.decided_at, wrong.ended_at) > last.as_of - %(margin)s::interval
    UNION ALL
    SELECT citizen_id, NULL FROM codes_formerref, last WHERE joined_at > last.started_at - %(margin)s::interval
    UNION ALL
    -- People judged by an amending run with what was known later, and people whose change is held.
    SELECT named.citizen_id, NULL FROM codes_runcitizen named JOIN codes_run amending ON amending.id = named.run_id
    WHERE amending.amends_id = %(last)s
    UNION ALL
    SELECT kept.citizen_id, NULL FROM codes_verdictchange kept JOIN codes_run judged ON judged.id = kept.run_id
    WHERE kept.held_in_id IS NOT NULL AND %(last)s IN (judged.id, judged.amends_id)
    UNION ALL
    -- The people of the partitions that the last run parked.
    SELECT known.citizen_id, NULL
    FROM codes_partition parked
    JOIN (SELECT citizen_id FROM codes_fact UNION ALL SELECT citizen_id FROM codes_verdict) known
      ON known.citizen_id >= parked.low AND known.citizen_id < parked.high
    WHERE parked.run_id = %(last)s AND parked.state = 'parked'
    UNION ALL
    -- Providers whose inputs differ from before: everybody registered with them,
    SELECT registered.citizen_id, NULL
    FROM codes_registration registered
    WHERE registered.provider_id = ANY (%(in_full)s::bigint[])
    UNION ALL
    -- if only the risk list differs, everybody with a stay or a verdict; if a later version is known, everybody with a verdict.
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
-- The first day of a new record; null for a declaration, since its answers may revoke earlier ones.
CASE WHEN fresh.origin = 'source' AND fresh.version = 1
                       THEN least(fresh.started_on, (fresh.recorded_at AT TIME ZONE %(zone)s)::date) END

-- statement: prove
-- Add the day's part of the city, to be judged in full. For people in it who were not due already, store what was foreseen.
INSERT INTO codes_duecitizen (citizen_id, foreseen)
SELECT c.id, (SELECT coalesce(jsonb_agg(jsonb_build_array({{foreseen}}) ORDER BY n.provider_id), '[]')
              FROM codes_nextchange n WHERE n.citizen_id = c.id AND NOT n.gone)
FROM codes_citizen c
JOIN codes_run run ON run.id = %(run)s
WHERE c.id %% %(parts)s = (run.day - date '2020-01-01') %% %(parts)s
  AND (EXISTS (SELECT FROM codes_fact f WHERE f.citizen_id = c.id) OR EXISTS (SELECT FROM codes_verdict v WHERE v.citizen_id = c.id))
ON CONFLICT (citizen_id) DO UPDATE SET reads_from = NULL

-- statement: foreseen
-- Without check-ins the day of the next change moves with the day of judging.
n.provider_id, CASE WHEN n.has_streak IS NOT FALSE THEN n.next_on END, n.kinds, n.rests_from

-- statement: unforeseen
-- The number of people judged only as proof, and of those whose verdict differs from the stored one or changes on another day than
-- foreseen. Call before the run's changes are applied. The changes are read once, by a subquery: for single look-ups the planner may
-- use the block range index each time.
SELECT count(*) AS judged,
       count(*) FILTER (WHERE due.foreseen <> now.foreseen
                           OR due.citizen_id IN (SELECT citizen_id FROM codes_verdictchange WHERE run_id = %(run)s))
FROM codes_duecitizen due
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_array({{foreseen}}) ORDER BY n.provider_id), '[]') AS foreseen
    FROM codes_nextchange n WHERE n.citizen_id = due.citizen_id AND NOT n.gone
) now
WHERE due.foreseen IS NOT NULL
