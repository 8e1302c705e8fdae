-- What a colour means: semantics.md §2 and §3, and nowhere else in this product.
--
-- Reads the relation `subject`, which the caller puts in front (codes/engine/subjects.py):
--   subject(sid, citizen_id, declared_with, source_id, version_id, horizon, known_at, day, assumed_from)
-- and yields `verdict`, one row for each subject that is not green:
--   verdict(sid, colour, hits, turns_green_on, needs)
-- Every step looks at one row, or at one subject's rows through a window: no step joins back to an earlier one, so the cost
-- stays linear whatever the planner guesses about the sizes.

seen AS MATERIALIZED (
    -- §2: of each record the version that counts, unless it is revoked or a ruling suppresses the record.
    SELECT s.sid, s.citizen_id, s.declared_with, s.version_id, s.known_at, s.day, s.assumed_from,
           f.id AS fact_id, f.kind, f.area, f.started_on, f.ended_on, f.recorded_at,
           array_agg(f.kind) FILTER (WHERE f.kind = ANY (ARRAY(SELECT DISTINCT unnest(cleared_by) FROM codes_rule)))
               OVER facts_of_subject AS clearing_kinds,
           array_agg(f.started_on) FILTER (WHERE f.kind = ANY (ARRAY(SELECT DISTINCT unnest(cleared_by) FROM codes_rule)))
               OVER facts_of_subject AS clearing_days,
           array_agg(f.started_on) FILTER (WHERE f.kind = 'negative_test') OVER facts_of_subject AS test_days
    FROM subject s
    JOIN codes_fact f ON f.citizen_id = s.citizen_id
    WHERE NOT f.revoked
      AND f.received_at <= s.known_at
      AND (f.source_id = s.source_id AND f.recorded_at <= s.horizon
           OR f.provider_id = s.declared_with
           OR f.origin = 'city')
      AND (NOT f.superseded OR NOT EXISTS (
              SELECT FROM codes_fact later
              WHERE later.record_id = f.record_id
                AND later.version > f.version
                AND later.source_id IS NOT DISTINCT FROM f.source_id
                AND later.provider_id IS NOT DISTINCT FROM f.provider_id
                AND later.received_at <= s.known_at
                AND (later.source_id IS NULL OR later.recorded_at <= s.horizon)))
      AND NOT EXISTS (
              SELECT FROM codes_suppression wrong
              WHERE wrong.record_id = f.record_id
                AND wrong.source_id IS NOT DISTINCT FROM f.source_id
                AND wrong.provider_id IS NOT DISTINCT FROM f.provider_id
                AND wrong.state IN ('approved', 'ended')
                AND wrong.decided_at <= s.known_at
                AND (wrong.ended_at IS NULL OR wrong.ended_at > s.known_at))
    WINDOW facts_of_subject AS (PARTITION BY s.sid)
),
matched AS MATERIALIZED (
    -- §3: a rule of the edition in force matches the fact's kind and, where it names levels, the stay's area. A stay without
    -- an end is matched from the first day it and a risk entry have in common; one with an end, by its whole span at once.
    SELECT seen.*, r.id AS rule_id, r.code, r.colour, r.hold_days, r.checkin_days, r.tests, r.test_gap_days, r.cleared_by,
           a.anchor, greatest(a.anchor, CASE WHEN seen.ended_on IS NULL THEN risk.first_day END) AS since
    FROM seen
    JOIN codes_rule r ON r.version_id = seen.version_id AND r.kind = seen.kind
    CROSS JOIN LATERAL (
        SELECT CASE r.anchor
                   WHEN 'started' THEN seen.started_on
                   WHEN 'ended' THEN coalesce(seen.ended_on, seen.started_on)
                   ELSE (seen.recorded_at AT TIME ZONE %(zone)s)::date
               END AS anchor
    ) a
    LEFT JOIN LATERAL (
        SELECT min(greatest(seen.started_on, risky.from_day)) AS first_day
        FROM codes_riskarea risky
        WHERE seen.kind = 'area_stay'
          AND risky.version_id = seen.version_id
          AND risky.level = ANY (r.area_levels)
          AND risky.area IN (seen.area, left(seen.area, 4) || '00', left(seen.area, 2) || '0000')
          AND daterange(risky.from_day, risky.to_day, '[]') && daterange(seen.started_on, seen.ended_on, '[]')
    ) risk ON r.area_levels IS NOT NULL
    WHERE r.area_levels IS NULL OR seen.kind <> 'area_stay' OR risk.first_day IS NOT NULL
),
cleared AS MATERIALIZED (
    -- §3 release 1, and of release 2 what does not depend on check-ins, each as the first day on which it holds.
    SELECT matched.*,
           (SELECT min(c.day) FROM unnest(clearing_kinds, clearing_days) AS c(kind, day)
            WHERE c.kind = ANY (cleared_by) AND c.day >= anchor) AS cleared_on,
           CASE WHEN tests = 0 THEN anchor ELSE (
               WITH RECURSIVE taken AS (
                   SELECT coalesce(array_agg(t ORDER BY t), '{}') AS days FROM unnest(test_days) AS t WHERE t >= anchor
               ), counted(number, place) AS (
                   SELECT 1, 1::bigint FROM taken WHERE cardinality(days) > 0
                   UNION ALL
                   SELECT number + 1,
                          (SELECT min(next.place) FROM unnest(days) WITH ORDINALITY AS next(day, place)
                           WHERE next.place > counted.place AND next.day >= days[counted.place] + test_gap_days)
                   FROM counted, taken
                   WHERE number < tests AND place IS NOT NULL
               )
               SELECT days[place::int] FROM counted, taken WHERE number = tests
           ) END AS tested_on
    FROM matched
),
hit AS MATERIALIZED (
    -- §3 release 2: `until` is the first day on which the hit is released by what is known, `until_told` the same when the
    -- citizen checks in healthy every day from the subject's day (or from assumed_from) on; none = never by that.
    SELECT cleared.*, truth.until, told.until AS until_told
    FROM cleared
    LEFT JOIN LATERAL (
        SELECT CASE
            WHEN known.complete_at <= cleared.known_at THEN known.days
            ELSE (SELECT range_agg(daterange(e.day, e.day, '[]'))
                  FROM codes_entry e
                  WHERE e.citizen_id = cleared.citizen_id AND e.provider_id = cleared.declared_with
                    AND e.type = 'check_in' AND e.healthy AND e.received_at <= cleared.known_at)
            END AS days
        FROM codes_checkindays known
        WHERE known.citizen_id = cleared.citizen_id AND known.provider_id = cleared.declared_with
    ) said ON cleared.checkin_days > 0 AND cleared.hold_days IS NOT NULL
    CROSS JOIN LATERAL (
        SELECT coalesce(said.days, '{}'::datemultirange)
               + CASE WHEN assumed_from IS NULL THEN '{}'::datemultirange ELSE datemultirange(daterange(assumed_from, NULL)) END
               AS days
    ) healthy
    CROSS JOIN LATERAL (
        SELECT CASE WHEN checkin_days = 0 THEN anchor ELSE (
            SELECT min(lower(unbroken) + checkin_days - 1)
            FROM unnest(healthy.days * datemultirange(daterange(anchor, NULL))) AS unbroken
            WHERE upper_inf(unbroken) OR upper(unbroken) - lower(unbroken) >= checkin_days
        ) END AS checked_in_on
    ) done
    CROSS JOIN LATERAL (
        SELECT least(cleared_on, CASE WHEN hold_days IS NOT NULL AND tested_on IS NOT NULL AND done.checked_in_on IS NOT NULL
                                      THEN greatest(anchor + hold_days, done.checked_in_on, tested_on) END) AS until
    ) truth
    CROSS JOIN LATERAL (
        SELECT CASE WHEN truth.until <= day THEN truth.until ELSE least(
            cleared_on,
            CASE WHEN hold_days IS NOT NULL AND tested_on IS NOT NULL
                 THEN greatest(anchor + hold_days, tested_on, CASE WHEN checkin_days = 0 THEN anchor ELSE (
                     SELECT min(lower(unbroken) + checkin_days - 1)
                     FROM unnest((healthy.days + datemultirange(daterange(coalesce(assumed_from, day), NULL)))
                                 * datemultirange(daterange(anchor, NULL))) AS unbroken
                     WHERE upper_inf(unbroken) OR upper(unbroken) - lower(unbroken) >= checkin_days
                 ) END) END) END AS until
    ) told
),
judged AS MATERIALIZED (
    -- Every hit on its subject's day, and the spans of days on which its hits hold it if the citizen does as told.
    SELECT sid, day,
           bool_or(held AND colour = 'red') AS red,
           jsonb_agg(jsonb_build_object('rule', code, 'rule_id', rule_id, 'fact_id', fact_id, 'anchor', anchor, 'until', until_told)
                     ORDER BY code, fact_id) FILTER (WHERE held) AS hits,
           range_agg(daterange(since, until_told)) FILTER (WHERE until_told IS NULL OR until_told > since) AS spans,
           jsonb_agg(DISTINCT jsonb_build_object('rule', code, 'cleared_by', to_jsonb(cleared_by),
                                                 'tests', CASE WHEN hold_days IS NOT NULL AND tested_on IS NULL THEN tests ELSE 0 END))
               FILTER (WHERE until_told IS NULL) AS endless
    FROM (SELECT hit.*, since <= day AND (until IS NULL OR until > day) AS held FROM hit) AS on_day
    GROUP BY sid, day
    HAVING bool_or(held)
),
verdict AS MATERIALIZED (
    -- Red if a red hit is held, else yellow if a yellow one is; a subject without a held hit is green and has no row.
    SELECT sid, CASE WHEN red THEN 'red' ELSE 'yellow' END AS colour, hits, green.day AS turns_green_on,
           CASE WHEN green.day IS NULL THEN endless END AS needs
    FROM judged
    CROSS JOIN LATERAL (
        SELECT CASE WHEN judged.spans @> judged.day
                    THEN (SELECT upper(span) FROM unnest(judged.spans) AS span WHERE span @> judged.day)
                    ELSE judged.day END AS day
    ) green
)
