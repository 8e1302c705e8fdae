-- The implementation of docs/semantics.md §2 and §3. No other code in this product computes a colour.
--
-- The input is the relation `subject`, defined by a statement of subjects.sql or by the caller:
--   subject(sid, citizen_id, declared_with, own_source, version_id, horizon, known_at, day, assumed_from, reads_from)
-- The result is the step `verdict`, with one row for each subject that is not green:
--   verdict(sid, citizen_id, declared_with, version_id, colour, hits, turns_green_on, healthy_days, needs, green_on)
-- Of a citizen who has not checked in, the day of release moves with every day. Such a day is given as the earliest possible one and
-- the number of healthy days that are needed in a row (docs/adr/0108-…): on the day D it is the later of the first and D plus the
-- second less one. This is the form of `until` and `healthy_days` of a hit, and of `turns_green_on` and `healthy_days` of a verdict.
-- `green_on` is the day computed for the subject's own day.
-- Every step processes one row at a time and looks up facts by citizen. No step joins an earlier step again, so the cost is linear
-- in the number of subjects even if the planner's estimates are wrong. OFFSET 0 prevents the planner from evaluating an expression
-- once for each place that uses it, and from reading facts once for each rule.

-- statement: counts
-- §2: the condition that fact `f` is the counting version of its record for the subject and is not revoked. Later versions are looked
-- up by record, not by citizen: a later version that names another citizen ends the record for the first one. A suppressed version
-- is skipped, so the version before it counts.
    NOT f.revoked
    AND f.received_at <= {{subject}}.known_at
    AND (f.source_id = {{subject}}.own_source AND f.recorded_at <= {{subject}}.horizon
         OR f.provider_id = {{subject}}.declared_with
         OR f.origin = 'city')
    AND (NOT f.superseded OR NOT EXISTS (
            SELECT FROM codes_fact later
            WHERE later.record_id = f.record_id
              AND (later.recorded_at, later.received_at, later.version) > (f.recorded_at, f.received_at, f.version)
              AND later.source_id IS NOT DISTINCT FROM f.source_id
              AND later.provider_id IS NOT DISTINCT FROM f.provider_id
              AND later.received_at <= {{subject}}.known_at
              AND (later.source_id IS NULL OR later.recorded_at <= {{subject}}.horizon)
              AND NOT EXISTS (
                  SELECT FROM codes_suppression wrong
                  WHERE wrong.record_id = later.record_id
                    AND wrong.source_id IS NOT DISTINCT FROM later.source_id
                    AND wrong.provider_id IS NOT DISTINCT FROM later.provider_id
                    AND wrong.version = later.version
                    AND wrong.state IN ('approved', 'ended')
                    AND wrong.decided_at <= {{subject}}.known_at
                    AND (wrong.ended_at IS NULL OR wrong.ended_at > {{subject}}.known_at))))

-- statement: suppressed
-- The condition that a ruling suppresses the record of a fact. Few records are suppressed, so the record alone is looked up first.
-- Evaluate this condition last, and never as a join: with a low estimate of facts, the planner would compare each fact with each
-- suppression. The ruling that a whole record is wrong covers the people whom its versions named when it was decided: nobody has
-- weighed the record of a person whom a later version names (docs/adr/0107-…).
    EXISTS (SELECT FROM codes_suppression wrong WHERE wrong.record_id = {{fact}}.record_id)
    AND EXISTS (
        SELECT FROM codes_suppression wrong
        WHERE wrong.record_id = {{fact}}.record_id
          AND wrong.source_id IS NOT DISTINCT FROM {{fact}}.source_id
          AND wrong.provider_id IS NOT DISTINCT FROM {{fact}}.provider_id
          AND (wrong.version = {{fact}}.version
               OR wrong.version IS NULL AND EXISTS (
                   SELECT FROM codes_fact weighed
                   WHERE weighed.record_id = wrong.record_id
                     AND weighed.source_id IS NOT DISTINCT FROM wrong.source_id
                     AND weighed.provider_id IS NOT DISTINCT FROM wrong.provider_id
                     AND weighed.citizen_id = {{person}}.citizen_id
                     AND weighed.received_at <= wrong.decided_at))
          AND wrong.state IN ('approved', 'ended')
          AND wrong.decided_at <= {{subject}}.known_at
          AND (wrong.ended_at IS NULL OR wrong.ended_at > {{subject}}.known_at))

-- statement: can_hold
-- The facts of a subject that can match a rule. Most facts are tests; if no rule is about tests, a partial index excludes them. The
-- facts are looked up per subject, because a join would read the facts of the whole city for every partition.
SELECT * FROM codes_fact WHERE citizen_id = {{subject}}.citizen_id AND started_on >= {{since}} AND kind <> 'negative_test'
UNION ALL
SELECT * FROM codes_fact WHERE citizen_id = {{subject}}.citizen_id AND started_on >= {{since}} AND kind = 'negative_test'
  AND (SELECT bool_or(kind = 'negative_test') FROM codes_rule)
OFFSET 0

-- statement: over
-- A sufficient condition that fact `f`, joined with a rule about its kind, can no longer hold its citizen, for any of the providers
-- under consideration, whose earliest horizon is `first_horizon`: every provider that sees the fact also sees a fact that clears it,
-- or its days have passed and the rule requires neither check-ins nor tests. Callers use it to read fewer facts; the verdict does not
-- depend on it.
    (f.area_levels IS NULL OR f.ended_on IS NOT NULL)
    AND (f.hold_days IS NOT NULL AND f.checkin_days = 0 AND f.tests = 0 AND f.anchor <> 'recorded'
         AND coalesce(f.ended_on, f.started_on) + f.hold_days <= {{subject}}.day
         OR EXISTS (
             SELECT FROM codes_fact clearing
             WHERE clearing.citizen_id = f.citizen_id AND clearing.kind = ANY (f.cleared_by) AND clearing.kind <> 'negative_test'
               AND clearing.started_on >= coalesce(f.ended_on, f.started_on) AND clearing.started_on <= {{subject}}.day
               AND clearing.source_id IS NOT DISTINCT FROM f.source_id AND clearing.provider_id IS NOT DISTINCT FROM f.provider_id
               AND NOT clearing.revoked AND NOT clearing.superseded AND clearing.received_at <= {{subject}}.known_at
               AND (clearing.source_id IS NULL OR clearing.recorded_at <= {{subject}}.first_horizon)
               AND NOT ({{suppressed_for_clearing}})))

-- statement: seen
seen AS MATERIALIZED (
    -- §2: the facts that count for each subject. Used by callers that list them; the steps below do not use it.
    SELECT s.sid, s.citizen_id, s.declared_with, s.day, f.id AS fact_id, f.kind, f.started_on
    FROM subject s
    CROSS JOIN LATERAL (SELECT * FROM codes_fact WHERE citizen_id = s.citizen_id OFFSET 0) f
    WHERE {{counts_for_s}} AND NOT ({{suppressed_for_s}})
)

-- statement: steps
{{seen}},
matched AS (
    -- §3: facts matched by a rule of the version in force, by kind and, if the rule names levels, by the area of the stay, from the
    -- first day that the stay and a risk entry have in common. `since` is the day the hit begins; it may be in the future, and so may
    -- `anchor` if the end of a stay is planned. `listed` are the days on which the area of a stay without an end is listed, for rules
    -- that count from the end. `first_recorded.day` is the day on which the origin first recorded the same content, for rules that count from
    -- the recording; suppressed versions are ignored. The suppression of the matched record itself is checked in `spell`, where fewer
    -- rows are left. Facts are read before rules are joined; otherwise they would be read once for each rule.
    SELECT f.*,
           CASE WHEN risk.listed IS NOT NULL THEN (
                    SELECT max(least(upper(span) - 1, f.day)) FROM unnest(risk.listed) AS span WHERE lower(span) <= f.day)
                WHEN f.counts_from = 'started' THEN f.started_on
                WHEN f.counts_from = 'ended' THEN coalesce(f.ended_on, f.started_on)
                ELSE first_recorded.day
           END AS anchor,
           greatest(f.started_on, risk.first_day, first_recorded.day) AS since,
           CASE WHEN f.counts_from = 'recorded' THEN f.started_on END AS cleared_from,
           risk.listed
    FROM (
        SELECT f.*, r.id AS rule_id, r.code, r.colour, r.anchor AS counts_from, r.area_levels, r.hold_days, r.checkin_days, r.tests,
               r.test_gap_days, r.cleared_by
        FROM (
            SELECT s.*, f.id AS fact_id, f.source_id, f.provider_id, f.record_id, f.version, f.superseded, f.revoked, f.origin, f.kind,
                   f.area, f.started_on, f.ended_on, f.recorded_at, f.received_at
            FROM subject s
            CROSS JOIN LATERAL (
                {{can_hold_s}}
            ) f
            OFFSET 0
        ) f
        JOIN codes_rule r ON r.version_id = f.version_id AND r.kind = f.kind
        OFFSET 0
    ) f
    CROSS JOIN LATERAL (
        SELECT CASE WHEN f.counts_from = 'recorded' THEN
                   (SELECT (min(recorded.recorded_at) AT TIME ZONE %(zone)s)::date FROM codes_fact recorded
                    WHERE recorded.record_id = f.record_id
                      AND recorded.source_id IS NOT DISTINCT FROM f.source_id
                      AND recorded.provider_id IS NOT DISTINCT FROM f.provider_id
                      AND recorded.kind = f.kind AND recorded.area IS NOT DISTINCT FROM f.area AND recorded.started_on = f.started_on
                      AND NOT recorded.revoked
                      AND recorded.received_at <= f.known_at
                      AND (recorded.source_id IS NULL OR recorded.recorded_at <= f.horizon)
                      AND NOT ({{suppressed_for_f}}))
               END AS day
        OFFSET 0
    ) first_recorded
    LEFT JOIN LATERAL (
        SELECT min(greatest(f.started_on, risky.from_day)) AS first_day,
               range_agg(daterange(greatest(f.started_on, risky.from_day), risky.to_day, '[]'))
                   FILTER (WHERE f.counts_from = 'ended' AND f.ended_on IS NULL) AS listed
        FROM (SELECT ARRAY[f.area, left(f.area, 4) || '00', left(f.area, 2) || '0000']
                     || ARRAY(SELECT jsonb_array_elements_text('{{covering_successors}}'::jsonb -> f.area)) AS areas
              OFFSET 0) covering
        JOIN codes_riskarea risky ON risky.area = ANY (covering.areas)
        WHERE f.area_levels IS NOT NULL AND f.kind = 'area_stay'
          AND risky.version_id = f.version_id
          AND risky.level = ANY (f.area_levels)
          AND coalesce(risky.to_day, 'infinity') >= f.started_on
          AND risky.from_day <= coalesce(f.ended_on, 'infinity')
    ) risk ON true
    WHERE {{counts_for_f}}
      AND (f.area_levels IS NULL OR f.kind <> 'area_stay' OR risk.first_day IS NOT NULL)
),
waiting AS MATERIALIZED (
    -- The matches that no other fact has released by the day (release 1), one row per match. A stay without an end has one row per
    -- listing of its area, because it is judged again when its area is listed again and is not released before the listing ends. A
    -- test counts only after the anchor day, because a test on that day may precede the event.
    SELECT m.*, listing.since AS holds_from, listing.anchor AS released_from, listing.ends, clearing.cleared_on
    FROM matched m
    CROSS JOIN LATERAL (
        SELECT m.since, m.anchor, NULL::date AS ends WHERE m.listed IS NULL
        UNION ALL
        SELECT lower(span), upper(span) - 1, upper(span) FROM unnest(m.listed) AS span
        WHERE m.listed IS NOT NULL
          AND NOT EXISTS (SELECT FROM unnest(m.listed) AS again WHERE again >> span AND lower(again) <= m.day)
    ) listing
    CROSS JOIN LATERAL (
        SELECT CASE WHEN m.cleared_by <> '{}' THEN
                   (SELECT greatest(f.started_on, listing.ends)
                    FROM (SELECT * FROM codes_fact f
                          WHERE f.citizen_id = m.citizen_id AND f.kind = ANY (m.cleared_by)
                            AND f.started_on >= coalesce(m.cleared_from, listing.anchor)
                            AND (f.kind <> 'negative_test' OR f.started_on > listing.anchor)
                            AND {{counts_for_m}}
                          ORDER BY f.started_on
                          OFFSET 0) f
                    WHERE NOT ({{suppressed_for_m}})
                    ORDER BY f.started_on LIMIT 1)
               END AS cleared_on
        OFFSET 0
    ) clearing
    WHERE (clearing.cleared_on > greatest(m.day, listing.since)) IS NOT FALSE
),
spell AS MATERIALIZED (
    -- §3 release, for one anchor: `until` is the first day on which the hit is released according to the known facts and check-ins.
    -- `until_if_followed` assumes that the citizen also checks in healthy every day from the subject's day (or `assumed_from`) on. NULL
    -- means that the hit is not released. Rows released by the day are left out.
    SELECT w.sid, w.citizen_id, w.declared_with, w.version_id, w.day, w.assumed_from, w.fact_id, w.rule_id, w.code, w.colour,
           w.started_on, w.anchor, w.listed, w.holds_from AS since, as_known.until, if_followed.until AS until_if_followed,
           moving.healthy_days,
           CASE WHEN moving.healthy_days IS NULL THEN if_followed.until
                ELSE greatest(waited.until, w.released_from + w.checkin_days - 1) END AS stored_until
    FROM waiting w
    LEFT JOIN LATERAL (
        SELECT CASE
            WHEN known.complete_at <= w.known_at THEN known.days
            ELSE (SELECT range_agg(daterange(last.day, last.day, '[]'))
                  FROM (SELECT DISTINCT ON (e.day) e.day, e.healthy
                        FROM codes_entry e
                        WHERE e.citizen_id = w.citizen_id AND e.provider_id = w.declared_with
                          AND e.type = 'check_in' AND NOT e.late AND e.received_at <= w.known_at
                        ORDER BY e.day, e.instant DESC, e.id DESC) last
                  WHERE last.healthy)
            END AS days
        FROM codes_checkindays known
        WHERE w.checkin_days > 0 AND w.hold_days IS NOT NULL
          AND known.citizen_id = w.citizen_id AND known.provider_id = w.declared_with
        OFFSET 0
    ) checked_in ON true
    CROSS JOIN LATERAL (
        -- The first day on which the conditions of release 2 other than check-ins are met.
        SELECT CASE WHEN w.hold_days IS NULL OR w.released_from IS NULL THEN NULL
                    WHEN w.tests = 0 THEN greatest(w.released_from + w.hold_days, w.ends)
                    ELSE greatest(w.released_from + w.hold_days, w.ends, (
                        WITH RECURSIVE taken AS (
                            SELECT coalesce(array_agg(f.started_on ORDER BY f.started_on), '{}') AS days FROM codes_fact f
                            WHERE f.citizen_id = w.citizen_id AND f.kind = 'negative_test' AND f.started_on > w.released_from
                              AND {{counts_for_w}} AND NOT ({{suppressed_for_w}})
                        ), counted(number, place) AS (
                            SELECT 1, 1::bigint FROM taken WHERE cardinality(days) > 0
                            UNION ALL
                            SELECT number + 1,
                                   (SELECT min(next.place) FROM unnest(days) WITH ORDINALITY AS next(day, place)
                                    WHERE next.place > counted.place AND next.day >= days[counted.place] + w.test_gap_days)
                            FROM counted, taken
                            WHERE number < w.tests AND place IS NOT NULL
                        )
                        SELECT coalesce(min(days[place::int]), 'infinity') FROM counted, taken WHERE number = w.tests
                    ))
               END AS until
        OFFSET 0
    ) waited
    CROSS JOIN LATERAL (
        SELECT least(w.cleared_on, CASE
            WHEN w.checkin_days = 0 OR waited.until IS NULL THEN waited.until
            WHEN checked_in.days IS NULL AND w.assumed_from IS NULL THEN NULL
            ELSE (SELECT greatest(waited.until, min(lower(unbroken) + w.checkin_days - 1))
                  FROM unnest((coalesce(checked_in.days, '{}')
                               + CASE WHEN w.assumed_from IS NULL THEN '{}' ELSE datemultirange(daterange(w.assumed_from, NULL)) END)
                              * datemultirange(daterange(w.released_from, NULL))) AS unbroken
                  WHERE upper_inf(unbroken) OR upper(unbroken) - lower(unbroken) >= w.checkin_days
                  HAVING count(*) > 0)
            END) AS until
        OFFSET 0
    ) raw
    CROSS JOIN LATERAL (SELECT nullif(raw.until, 'infinity') AS until) as_known
    CROSS JOIN LATERAL (
        SELECT nullif(CASE
            WHEN w.checkin_days = 0 OR waited.until IS NULL OR w.assumed_from IS NOT NULL THEN raw.until
            ELSE least(raw.until, (SELECT greatest(waited.until, min(lower(unbroken) + w.checkin_days - 1))
                  FROM unnest((coalesce(checked_in.days, '{}') + datemultirange(daterange(w.day, NULL)))
                              * datemultirange(daterange(w.released_from, NULL))) AS unbroken
                  WHERE upper_inf(unbroken) OR upper(unbroken) - lower(unbroken) >= w.checkin_days))
            END, 'infinity') AS until
        OFFSET 0
    ) if_followed
    CROSS JOIN LATERAL (
        -- Nothing releases the hit but healthy days in a row, of which there has been none up to the day before: each day that is missed
        -- delays the release by one.
        SELECT CASE WHEN w.checkin_days > 0 AND w.assumed_from IS NULL AND raw.until IS NULL AND if_followed.until IS NOT NULL
                         AND NOT coalesce(checked_in.days @> w.day - 1, false) AND w.checkin_days <= 366
                    THEN w.checkin_days END AS healthy_days
    ) moving
    WHERE (as_known.until IS NULL OR as_known.until > greatest(w.day, w.holds_from)) AND NOT ({{suppressed}})
),
hit AS MATERIALIZED (
    -- The spells of one fact and rule form one hit. `holds` is whether it holds on the day; otherwise it begins later. Adjacent spells
    -- are merged. `again` are all days of a hit whose area is listed, which may hold again after its end.
    SELECT sid, citizen_id, declared_with, version_id, day, assumed_from, fact_id, rule_id, code, colour, anchor, listed,
           since, since <= day AS holds, until, until_if_followed, healthy_days, stored_until, NULL::datemultirange AS again
    FROM spell WHERE listed IS NULL
    UNION ALL
    SELECT sid, citizen_id, declared_with, version_id, day, assumed_from, fact_id, rule_id, code, colour, anchor, listed,
           since, since <= day,
           (SELECT upper(span) FROM unnest(known) AS span WHERE span @> since), followed_until, NULL, followed_until, followed
    FROM (SELECT sid, citizen_id, declared_with, version_id, day, assumed_from, fact_id, rule_id, code, colour, anchor, listed,
                 min(since) AS since, range_agg(daterange(since, until)) AS known,
                 coalesce(range_agg(daterange(since, until_if_followed))
                          FILTER (WHERE until_if_followed IS NULL OR until_if_followed > since), '{}') AS followed
          FROM spell WHERE listed IS NOT NULL
          GROUP BY sid, citizen_id, declared_with, version_id, day, assumed_from, fact_id, rule_id, code, colour, anchor, listed
    ) listings
    CROSS JOIN LATERAL (
        SELECT CASE WHEN followed @> greatest(since, day)
                    THEN (SELECT upper(span) FROM unnest(followed) AS span WHERE span @> greatest(since, day))
                    ELSE greatest(since, day) END AS followed_until
        OFFSET 0
    ) last
),
judged AS MATERIALIZED (
    -- Every subject with a hit that holds on the day. `spans` are the days on which its hits hold if the citizen checks in every day.
    -- `endless` are the rules of hits that are not released by this, `staying` the rules of stays without a reported end in an area
    -- whose listing has no end.
    SELECT sid, citizen_id, declared_with, version_id, day, assumed_from,
           bool_or(holds AND colour = 'red') AS red,
           jsonb_agg(jsonb_build_object('rule', code, 'rule_id', rule_id, 'fact_id', fact_id, 'anchor', anchor, 'until', stored_until)
                     || CASE WHEN healthy_days IS NULL THEN '{}' ELSE jsonb_build_object('healthy_days', healthy_days) END
                     ORDER BY code, fact_id, rule_id) FILTER (WHERE holds) AS hits,
           max(stored_until) AS earliest,
           CASE WHEN bool_and(holds AND listed IS NULL AND until_if_followed IS NOT NULL) THEN max(healthy_days) END AS healthy_days,
           coalesce(range_agg(daterange(since, until_if_followed)) FILTER (WHERE until_if_followed IS NULL OR until_if_followed > since), '{}')
           + coalesce(range_agg(again) FILTER (WHERE again IS NOT NULL), '{}') AS spans,
           array_agg(rule_id) FILTER (WHERE until_if_followed IS NULL AND listed IS NULL OR upper_inf(again) AND NOT upper_inf(listed))
               AS endless,
           array_agg(rule_id) FILTER (WHERE upper_inf(listed)) AS staying
    FROM hit
    GROUP BY sid, citizen_id, declared_with, version_id, day, assumed_from
    HAVING bool_or(holds)
),
verdict AS MATERIALIZED (
    -- Red if a red hit holds, otherwise yellow; a subject without a hit that holds is green and has no row. `turns_green_on` is NULL
    -- if the day is more than 366 days ahead. If there is no such day, `needs` lists the rules that wait for a fact, for tests, or for
    -- a report that a stay has ended.
    SELECT sid, citizen_id, declared_with, version_id, CASE WHEN red THEN 'red' ELSE 'yellow' END AS colour, hits,
           CASE WHEN green.is_near THEN CASE WHEN healthy_days IS NULL THEN green.day ELSE earliest END END AS turns_green_on,
           CASE WHEN green.is_near THEN healthy_days END AS healthy_days,
           CASE WHEN green.is_near THEN green.day END AS green_on,
           CASE WHEN green.day IS NULL THEN
               (SELECT jsonb_agg(need ORDER BY code, id, leaves)
                FROM (SELECT r.code, r.id, false AS leaves,
                             jsonb_build_object('rule', r.code, 'rule_id', r.id, 'cleared_by', to_jsonb(r.cleared_by),
                                                'tests', CASE WHEN r.hold_days IS NULL THEN 0 ELSE r.tests END) AS need
                      FROM codes_rule r WHERE r.id = ANY (endless)
                      UNION ALL
                      SELECT r.code, r.id, true,
                             jsonb_build_object('rule', r.code, 'rule_id', r.id, 'cleared_by', '[]'::jsonb, 'tests', 0, 'leaves', true)
                      FROM codes_rule r WHERE r.id = ANY (staying)) missing)
           END AS needs
    FROM judged
    CROSS JOIN LATERAL (
        SELECT day, day <= coalesce(assumed_from, judged.day) + 366 AS is_near
        FROM (SELECT CASE WHEN judged.spans @> judged.day
                          THEN (SELECT upper(span) FROM unnest(judged.spans) AS span WHERE span @> judged.day)
                          ELSE judged.day END AS day
              OFFSET 0) last
        OFFSET 0
    ) green
)

-- statement: daily_verdicts
-- The verdict of each daily subject.
today AS MATERIALIZED (
    SELECT citizen_id, declared_with AS provider_id, version_id, colour, hits, turns_green_on, healthy_days, needs FROM verdict
)

-- statement: daily_verdicts_across_versions
-- The verdicts of the daily subjects if later rule-set versions are known. `turns_green_on` is taken from the first segment that turns
-- green before the next segment begins.
forecast AS MATERIALIZED (
    SELECT min(sid) AS base, min(green) FILTER (WHERE green < ends) AS turns_green_on, count(*) = 1 AS has_one_version,
           (array_agg(needs ORDER BY sid DESC))[1] AS needs
    FROM (SELECT s.sid, s.citizen_id, s.declared_with, v.needs,
                 CASE WHEN v.sid IS NULL THEN s.day ELSE v.green_on END AS green,
                 coalesce(lead(s.day) OVER (PARTITION BY s.citizen_id, s.declared_with ORDER BY s.sid), 'infinity') AS ends
          FROM subject s
          LEFT JOIN verdict v ON v.sid = s.sid) segments
    GROUP BY citizen_id, declared_with
),
today AS MATERIALIZED (
    SELECT v.citizen_id, v.declared_with AS provider_id, v.version_id, v.colour, v.hits,
           CASE WHEN f.has_one_version THEN v.turns_green_on ELSE f.turns_green_on END AS turns_green_on,
           CASE WHEN f.has_one_version THEN v.healthy_days END AS healthy_days,
           CASE WHEN f.turns_green_on IS NULL THEN f.needs END AS needs
    FROM verdict v
    JOIN forecast f ON f.base = v.sid
)

-- statement: next_day
-- The next day on which a spell begins or ends, if there are no new facts and the citizen checks in every day.
CASE WHEN spell.since > spell.day THEN spell.since
     WHEN spell.until_if_followed IS NOT NULL THEN greatest(spell.until_if_followed, spell.day + 1) END

-- statement: rests_on_streak
-- Whether the spell's stored day of release assumes that the citizen goes on checking in.
(spell.healthy_days IS NULL AND rule.checkin_days > 0 AND rule.hold_days IS NOT NULL
                     AND spell.until_if_followed IS DISTINCT FROM spell.until)

-- statement: known_day
-- The day on which a stored verdict turns green or a stored hit ends, as known on {{day}}.
greatest({{earliest}}, {{day}} + {{healthy_days}} - 1)

-- statement: coming
-- For every subject of the day itself with a hit that holds or begins later: `next_on`, the next day on which its verdict can change
-- without new facts, if the citizen checks in every day; `by_check_ins`, whether this depends on the check-ins; and the kinds of
-- facts that could release its hits. `has_streak`: whether a missing check-in changes a stored day of release (true), or a check-in
-- does because there has been none up to the day before (false); null if neither does. If both do, or hits begin later, the verdict is
-- judged again on the following day. If the anchor moves with the day, as in a listing that continues, `next_on` is the following
-- day. `rests_from` is the first day of the facts on which these hits are based, and of the facts that could release them. Earlier
-- facts cannot change the verdict: their hits are released, and later days and new records can only release a hit earlier.
coming AS MATERIALIZED (
    SELECT spell.citizen_id, spell.declared_with AS provider_id, spell.day,
           least(min(CASE WHEN upper_inf(spell.listed) OR upper(spell.listed) > spell.day THEN spell.day + 1 ELSE {{next_day}} END),
                 CASE WHEN bool_or(spell.since <= spell.day) AND bool_or(spell.healthy_days IS NOT NULL)
                           AND (bool_or(spell.listed IS NOT NULL OR spell.since > spell.day) OR bool_or({{rests_on_streak}}))
                      THEN spell.day + 1 END) AS next_on,
           CASE WHEN NOT bool_or(spell.since <= spell.day) THEN NULL
                WHEN bool_or(spell.healthy_days IS NOT NULL) THEN false
                WHEN bool_or({{rests_on_streak}}) THEN true END AS has_streak,
           min(least(spell.started_on, spell.anchor)) AS rests_from,
           bool_or(rule.checkin_days > 0 AND rule.hold_days IS NOT NULL) AS by_check_ins,
           coalesce(array_agg(DISTINCT clearing.kind ORDER BY clearing.kind) FILTER (WHERE clearing.kind IS NOT NULL), '{}') AS kinds
    FROM spell
    JOIN codes_rule rule ON rule.id = spell.rule_id
    LEFT JOIN LATERAL unnest(rule.cleared_by || CASE WHEN rule.tests > 0 THEN ARRAY['negative_test'] ELSE '{}' END)
              AS clearing(kind) ON true
    WHERE spell.assumed_from IS NULL
    GROUP BY spell.citizen_id, spell.declared_with, spell.day
)
