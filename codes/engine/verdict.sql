-- What a colour means: docs/semantics.md §2 and §3, and nowhere else in this product.
--
-- Reads the relation `subject`, made by one of the statements further below or by the caller:
--   subject(sid, citizen_id, declared_with, source_id, version_id, horizon, known_at, day, assumed_from, reads_from)
-- and yields `verdict`, one row for each subject that is not green:
--   verdict(sid, citizen_id, declared_with, version_id, colour, hits, turns_green_on, needs)
-- Every step looks at one row, or at one subject's rows through a window: no step joins back to an earlier one, so the cost
-- stays linear whatever the planner guesses about the sizes. OFFSET 0 keeps it from working out an expression once for
-- each place that uses it.

-- statement: steps
seen AS MATERIALIZED (
    -- §2: of each record the version that counts, unless it is revoked or a ruling suppresses the record. The latest one is found
    -- by the record: a version that names somebody else takes it away. A version that is itself suppressed does not count, so that
    -- the one before it does. `recorded_at` is the first time the origin said the same, where a rule counts from it.
    SELECT f.sid, f.citizen_id, f.declared_with, f.version_id, f.known_at, f.day, f.assumed_from,
           f.fact_id, f.kind, f.started_on, f.ended_on,
           CASE WHEN f.kind = ANY (ARRAY(SELECT DISTINCT kind FROM codes_rule WHERE anchor = 'recorded')) THEN
               (SELECT min(said.recorded_at) FROM codes_fact said
                WHERE said.record_id = f.record_id
                  AND said.source_id IS NOT DISTINCT FROM f.source_id
                  AND said.provider_id IS NOT DISTINCT FROM f.provider_id
                  AND said.kind = f.kind AND said.area IS NOT DISTINCT FROM f.area AND said.started_on = f.started_on
                  AND NOT said.revoked
                  AND said.received_at <= f.known_at
                  AND (said.source_id IS NULL OR said.recorded_at <= f.horizon))
           END AS recorded_at,
           CASE WHEN f.kind = 'area_stay' THEN
               ARRAY[f.area, left(f.area, 4) || '00', left(f.area, 2) || '0000']
               || ARRAY(SELECT jsonb_array_elements_text('{{covering_successors}}'::jsonb -> f.area))
           END AS covering,
           array_agg(f.kind) FILTER (WHERE f.kind = ANY (ARRAY(SELECT DISTINCT unnest(cleared_by) FROM codes_rule)))
               OVER facts_of_subject AS clearing_kinds,
           array_agg(f.started_on) FILTER (WHERE f.kind = ANY (ARRAY(SELECT DISTINCT unnest(cleared_by) FROM codes_rule)))
               OVER facts_of_subject AS clearing_days,
           array_agg(f.started_on) FILTER (WHERE f.kind = 'negative_test') OVER facts_of_subject AS test_days
    FROM (
        SELECT s.sid, s.citizen_id, s.declared_with, s.version_id, s.horizon, s.known_at, s.day, s.assumed_from,
               f.id AS fact_id, f.record_id, f.source_id, f.provider_id, f.version, f.kind, f.area, f.started_on, f.ended_on, f.recorded_at
        FROM subject s
        CROSS JOIN LATERAL (
            -- One look-up each: a join would read the facts of the whole city for every part of it.
            SELECT * FROM codes_fact WHERE citizen_id = s.citizen_id AND started_on >= s.reads_from OFFSET 0
        ) f
        WHERE NOT f.revoked
          AND f.received_at <= s.known_at
          AND (f.source_id = s.source_id AND f.recorded_at <= s.horizon
               OR f.provider_id = s.declared_with
               OR f.origin = 'city')
          AND (NOT f.superseded OR NOT EXISTS (
                  SELECT FROM codes_fact later
                  WHERE later.record_id = f.record_id
                    AND (later.recorded_at, later.received_at, later.version) > (f.recorded_at, f.received_at, f.version)
                    AND later.source_id IS NOT DISTINCT FROM f.source_id
                    AND later.provider_id IS NOT DISTINCT FROM f.provider_id
                    AND later.received_at <= s.known_at
                    AND (later.source_id IS NULL OR later.recorded_at <= s.horizon)
                    AND NOT EXISTS (
                        SELECT FROM codes_suppression wrong
                        WHERE wrong.record_id = later.record_id
                          AND wrong.source_id IS NOT DISTINCT FROM later.source_id
                          AND wrong.provider_id IS NOT DISTINCT FROM later.provider_id
                          AND wrong.version = later.version
                          AND wrong.state IN ('approved', 'ended')
                          AND wrong.decided_at <= s.known_at
                          AND (wrong.ended_at IS NULL OR wrong.ended_at > s.known_at))))
        OFFSET 0
    ) f
    -- Hardly any record is suppressed, so the record alone is looked up first: among all of them at once where many are asked about.
    -- A join instead would be made by comparing each fact with each suppression while the planner expects few facts.
    WHERE (NOT EXISTS (SELECT FROM codes_suppression wrong WHERE wrong.record_id = f.record_id)
           OR NOT EXISTS (
              SELECT FROM codes_suppression wrong
              WHERE wrong.record_id = f.record_id
                AND wrong.source_id IS NOT DISTINCT FROM f.source_id
                AND wrong.provider_id IS NOT DISTINCT FROM f.provider_id
                AND coalesce(wrong.version, f.version) = f.version
                AND wrong.state IN ('approved', 'ended')
                AND wrong.decided_at <= f.known_at
                AND (wrong.ended_at IS NULL OR wrong.ended_at > f.known_at)))
    WINDOW facts_of_subject AS (PARTITION BY f.sid)
),
matched AS MATERIALIZED (
    -- §3: a rule of the version in force matches the fact's kind and, where it names levels, the stay's area, from the first day
    -- the stay and a risk entry have in common. `since` is the day the hit begins, which may lie ahead; `anchor` may too, where
    -- an end is planned. `listed`: the days on which the area of a stay without an end is listed, where release counts from them.
    SELECT seen.*, r.id AS rule_id, r.code, r.colour, r.hold_days, r.checkin_days, r.tests, r.test_gap_days, r.cleared_by,
           CASE WHEN risk.listed IS NOT NULL THEN (
                    SELECT max(least(upper(span) - 1, seen.day)) FROM unnest(risk.listed) AS span WHERE lower(span) <= seen.day)
                WHEN r.anchor = 'started' THEN seen.started_on
                WHEN r.anchor = 'ended' THEN coalesce(seen.ended_on, seen.started_on)
                ELSE (seen.recorded_at AT TIME ZONE %(zone)s)::date
           END AS anchor,
           greatest(seen.started_on, risk.first_day,
                    CASE WHEN r.anchor = 'recorded' THEN (seen.recorded_at AT TIME ZONE %(zone)s)::date END) AS since,
           CASE WHEN r.anchor = 'recorded' THEN seen.started_on END AS cleared_from,
           risk.listed
    FROM seen
    JOIN codes_rule r ON r.version_id = seen.version_id AND r.kind = seen.kind
    LEFT JOIN LATERAL (
        SELECT min(greatest(seen.started_on, risky.from_day)) AS first_day,
               range_agg(daterange(greatest(seen.started_on, risky.from_day), risky.to_day, '[]'))
                   FILTER (WHERE r.anchor = 'ended' AND seen.ended_on IS NULL) AS listed
        FROM codes_riskarea risky
        WHERE r.area_levels IS NOT NULL
          AND seen.kind = 'area_stay'
          AND risky.version_id = seen.version_id
          AND risky.area = ANY (seen.covering)
          AND risky.level = ANY (r.area_levels)
          AND coalesce(risky.to_day, 'infinity') >= seen.started_on
          AND risky.from_day <= coalesce(seen.ended_on, 'infinity')
    ) risk ON true
    WHERE r.area_levels IS NULL OR seen.kind <> 'area_stay' OR risk.first_day IS NOT NULL
),
spell AS MATERIALIZED (
    -- §3 release, from one day to count from: `until` is the first day on which the hit is released by what is known,
    -- `until_if_followed` the same when the citizen checks in healthy every day from the subject's day (or from assumed_from) on;
    -- none = never by that. There is one spell for each matched fact, but a stay without an end is judged anew when its area is
    -- listed again, and not released before the listing ends: one for each listing. What is over by the day is left out.
    SELECT m.sid, m.citizen_id, m.declared_with, m.version_id, m.day, m.assumed_from, m.fact_id, m.rule_id, m.code, m.colour,
           m.started_on, m.anchor, m.listed, listing.since, truth.until, told.until AS until_if_followed
    FROM matched m
    LEFT JOIN LATERAL (
        SELECT CASE
            WHEN known.complete_at <= m.known_at THEN known.days
            ELSE (SELECT range_agg(daterange(last.day, last.day, '[]'))
                  FROM (SELECT DISTINCT ON (e.day) e.day, e.healthy
                        FROM codes_entry e
                        WHERE e.citizen_id = m.citizen_id AND e.provider_id = m.declared_with
                          AND e.type = 'check_in' AND NOT e.late AND e.received_at <= m.known_at
                        ORDER BY e.day, e.instant DESC, e.id DESC) last
                  WHERE last.healthy)
            END AS days
        FROM codes_checkindays known
        WHERE m.checkin_days > 0 AND m.hold_days IS NOT NULL
          AND known.citizen_id = m.citizen_id AND known.provider_id = m.declared_with
        OFFSET 0
    ) said ON true
    CROSS JOIN LATERAL (
        SELECT m.since, m.anchor, NULL::date AS ends WHERE m.listed IS NULL
        UNION ALL
        SELECT lower(span), upper(span) - 1, upper(span) FROM unnest(m.listed) AS span
        WHERE NOT EXISTS (SELECT FROM unnest(m.listed) AS again WHERE again >> span AND lower(again) <= m.day)
    ) listing
    CROSS JOIN LATERAL (
        -- Release 1, and of release 2 what does not depend on check-ins, each as the first day on which it holds. A test of the
        -- anchor's own day may have been taken before what happened on it.
        SELECT CASE WHEN m.clearing_days IS NOT NULL AND m.cleared_by <> '{}' THEN
                   (SELECT min(greatest(c.day, listing.ends)) FROM unnest(m.clearing_kinds, m.clearing_days) AS c(kind, day)
                    WHERE c.kind = ANY (m.cleared_by) AND c.day >= coalesce(m.cleared_from, listing.anchor)
                      AND (c.kind <> 'negative_test' OR c.day > listing.anchor))
               END AS cleared_on,
               CASE WHEN m.hold_days IS NULL OR listing.anchor IS NULL THEN NULL
                    WHEN m.tests = 0 THEN greatest(listing.anchor + m.hold_days, listing.ends)
                    ELSE greatest(listing.anchor + m.hold_days, listing.ends, (
                        WITH RECURSIVE taken AS (
                            SELECT coalesce(array_agg(t ORDER BY t), '{}') AS days FROM unnest(m.test_days) AS t
                            WHERE t > listing.anchor
                        ), counted(number, place) AS (
                            SELECT 1, 1::bigint FROM taken WHERE cardinality(days) > 0
                            UNION ALL
                            SELECT number + 1,
                                   (SELECT min(next.place) FROM unnest(days) WITH ORDINALITY AS next(day, place)
                                    WHERE next.place > counted.place AND next.day >= days[counted.place] + m.test_gap_days)
                            FROM counted, taken
                            WHERE number < m.tests AND place IS NOT NULL
                        )
                        SELECT coalesce(min(days[place::int]), 'infinity') FROM counted, taken WHERE number = m.tests
                    ))
               END AS waited_until
        OFFSET 0
    ) done
    CROSS JOIN LATERAL (
        SELECT least(done.cleared_on, CASE
            WHEN m.checkin_days = 0 OR done.waited_until IS NULL THEN done.waited_until
            WHEN said.days IS NULL AND m.assumed_from IS NULL THEN NULL
            ELSE (SELECT greatest(done.waited_until, min(lower(unbroken) + m.checkin_days - 1))
                  FROM unnest((coalesce(said.days, '{}')
                               + CASE WHEN m.assumed_from IS NULL THEN '{}' ELSE datemultirange(daterange(m.assumed_from, NULL)) END)
                              * datemultirange(daterange(listing.anchor, NULL))) AS unbroken
                  WHERE upper_inf(unbroken) OR upper(unbroken) - lower(unbroken) >= m.checkin_days
                  HAVING count(*) > 0)
            END) AS until
        OFFSET 0
    ) raw
    CROSS JOIN LATERAL (SELECT nullif(raw.until, 'infinity') AS until) truth
    CROSS JOIN LATERAL (
        SELECT nullif(CASE
            WHEN m.checkin_days = 0 OR done.waited_until IS NULL OR m.assumed_from IS NOT NULL THEN raw.until
            ELSE least(raw.until, (SELECT greatest(done.waited_until, min(lower(unbroken) + m.checkin_days - 1))
                  FROM unnest((coalesce(said.days, '{}') + datemultirange(daterange(m.day, NULL)))
                              * datemultirange(daterange(listing.anchor, NULL))) AS unbroken
                  WHERE upper_inf(unbroken) OR upper(unbroken) - lower(unbroken) >= m.checkin_days))
            END, 'infinity') AS until
        OFFSET 0
    ) told
    WHERE truth.until IS NULL OR truth.until > greatest(m.day, listing.since)
),
hit AS MATERIALIZED (
    -- The spells of one fact under one rule are one hit, which `holds` on the day or begins later. Spells that meet end together;
    -- `again` are all the days of one that holds again after its end.
    SELECT sid, citizen_id, declared_with, version_id, day, assumed_from, fact_id, rule_id, code, colour, anchor, listed,
           since, since <= day AS holds, until, until_if_followed, NULL::datemultirange AS again
    FROM spell WHERE listed IS NULL
    UNION ALL
    SELECT sid, citizen_id, declared_with, version_id, day, assumed_from, fact_id, rule_id, code, colour, anchor, listed,
           since, since <= day,
           (SELECT upper(span) FROM unnest(known) AS span WHERE span @> since),
           CASE WHEN followed @> greatest(since, day)
                THEN (SELECT upper(span) FROM unnest(followed) AS span WHERE span @> greatest(since, day))
                ELSE greatest(since, day) END,
           followed
    FROM (SELECT sid, citizen_id, declared_with, version_id, day, assumed_from, fact_id, rule_id, code, colour, anchor, listed,
                 min(since) AS since, range_agg(daterange(since, until)) AS known,
                 coalesce(range_agg(daterange(since, until_if_followed))
                          FILTER (WHERE until_if_followed IS NULL OR until_if_followed > since), '{}') AS followed
          FROM spell WHERE listed IS NOT NULL
          GROUP BY sid, citizen_id, declared_with, version_id, day, assumed_from, fact_id, rule_id, code, colour, anchor, listed
    ) listings
),
judged AS MATERIALIZED (
    -- Every subject with a held hit, and the days on which its hits hold it if the citizen checks in every day. `staying` are the
    -- rules that hold a stay whose end nobody has told, in an area whose listing has no end.
    SELECT sid, citizen_id, declared_with, version_id, day, assumed_from,
           bool_or(holds AND colour = 'red') AS red,
           jsonb_agg(jsonb_build_object('rule', code, 'rule_id', rule_id, 'fact_id', fact_id, 'anchor', anchor, 'until', until_if_followed)
                     ORDER BY code, fact_id, rule_id) FILTER (WHERE holds) AS hits,
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
    -- Red if a red hit is held, else yellow if a yellow one is; a subject without a held hit is green and has no row. A day that
    -- lies more than 366 days ahead is not named. `needs` names, where no day is in sight, the rules that wait for a fact, for
    -- tests, or for word that a stay has ended.
    SELECT sid, citizen_id, declared_with, version_id, CASE WHEN red THEN 'red' ELSE 'yellow' END AS colour, hits,
           CASE WHEN green.day <= coalesce(assumed_from, judged.day) + 366 THEN green.day END AS turns_green_on,
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
        SELECT CASE WHEN judged.spans @> judged.day
                    THEN (SELECT upper(span) FROM unnest(judged.spans) AS span WHERE span @> judged.day)
                    ELSE judged.day END AS day
        OFFSET 0
    ) green
)

-- statement: daily
-- Relations of subjects: who is to be judged, by whose eyes, at which instant (the steps read them). A subject's id is the
-- citizen's times the number of subjects a citizen can have, plus the subject's place among them, so that no two are alike.
    -- Every given citizen × the run's providers they are registered with. Where a later version is already known, the same
    -- citizens again on its first day, checked in until then: segment 1, 2 …, with greater ids than segment 0.
    -- Of a past run the same rows as then: all is as the run froze it, so a replay asks with these subjects too.
    WITH asked AS MATERIALIZED (
        SELECT p.provider_id, p.source_id, e.version_id, p.horizon, run.as_of, e.day,
               CASE WHEN e.segment > 0 THEN run.day END AS assumed_from,
               row_number() OVER (ORDER BY p.provider_id, e.segment) - 1 AS place, count(*) OVER () AS places
        FROM codes_run run
        -- Also those that are not known because their source is silent: what they say are held colours (§4).
        JOIN codes_runprovider p ON p.run_id = run.id AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
        CROSS JOIN LATERAL (
            SELECT 0 AS segment, p.version_id, run.day
            UNION ALL
            SELECT row_number() OVER (ORDER BY v.effective_from), v.id, v.effective_from
            FROM codes_rulesetversion v
            JOIN codes_rulesetversion present ON present.id = p.version_id AND present.rule_set_id = v.rule_set_id
            WHERE v.effective_from > run.day AND v.effective_from <= run.day + 366 AND v.created_at <= run.as_of
              AND (v.withdrawn_at IS NULL OR v.withdrawn_at > run.as_of)
              AND NOT EXISTS (SELECT FROM codes_rulesetversion higher
                              WHERE higher.rule_set_id = v.rule_set_id AND higher.effective_from = v.effective_from
                                AND higher.version > v.version AND higher.created_at <= run.as_of
                                AND (higher.withdrawn_at IS NULL OR higher.withdrawn_at > run.as_of))
        ) e
        WHERE run.id = %(run)s
    )
    SELECT r.citizen_id * asked.places + asked.place,
           r.citizen_id, r.provider_id, asked.source_id, asked.version_id, asked.horizon, asked.as_of, asked.day,
           asked.assumed_from
    FROM ({{citizens}}) known
    CROSS JOIN LATERAL (
        -- One look-up each: a join would read the registrations of the whole city.
        SELECT citizen_id, provider_id, registered_at FROM codes_registration WHERE citizen_id = known.citizen_id
        OFFSET 0
    ) r
    JOIN asked ON asked.provider_id = r.provider_id AND r.registered_at <= asked.as_of

-- statement: known_in_range
SELECT DISTINCT citizen_id FROM codes_fact WHERE citizen_id >= %(low)s AND citizen_id < %(high)s

-- statement: due_in_range
SELECT citizen_id FROM codes_duecitizen WHERE citizen_id >= %(low)s AND citizen_id < %(high)s

-- statement: due_facts
-- By another version than the day's any fact may matter again.
(SELECT CASE WHEN asked.assumed_from IS NULL THEN coalesce(due.reads_from, '-infinity') ELSE '-infinity' END
 FROM codes_duecitizen due WHERE due.citizen_id = asked.citizen_id)

-- statement: each_side
    -- One citizen × the run's providers they were registered with, also those that could not be judged: what each of them sees.
    SELECT p.provider_id, r.citizen_id, p.provider_id, p.source_id, p.version_id, p.horizon, run.as_of, run.day, NULL::date
    FROM codes_run run
    JOIN codes_runprovider p ON p.run_id = run.id
    JOIN codes_registration r ON r.provider_id = p.provider_id AND r.registered_at <= run.as_of
    WHERE run.id = %(run)s AND r.citizen_id = %(citizen)s

-- statement: rehearsal
    -- Everybody about whom anything is known × the run's providers × the versions each is to be judged by, on any day, by what
    -- the run knew. With the draft an id is odd, and one more than the same without it.
    SELECT (r.citizen_id * p.places + p.place) * 2 + e.is_draft::int,
           r.citizen_id, p.provider_id, p.source_id, e.version_id, p.horizon, run.as_of, %(day)s::date, NULL::date
    FROM codes_run run
    JOIN (
        SELECT *, row_number() OVER (ORDER BY provider_id) - 1 AS place, count(*) OVER () AS places
        FROM codes_runprovider WHERE run_id = %(run)s AND horizon IS NOT NULL AND version_id IS NOT NULL
    ) p ON p.run_id = run.id
    JOIN unnest(%(providers)s::bigint[], %(versions)s::bigint[], %(drafts)s::bool[]) AS e(provider_id, version_id, is_draft)
      ON e.provider_id = p.provider_id
    CROSS JOIN (SELECT DISTINCT citizen_id FROM codes_fact) known
    CROSS JOIN LATERAL (
        SELECT citizen_id FROM codes_registration
        WHERE citizen_id = known.citizen_id AND provider_id = p.provider_id AND registered_at <= run.as_of
        OFFSET 0
    ) r
    WHERE run.id = %(run)s

-- statement: daily_verdicts
-- The day's verdict of each daily subject.
today AS MATERIALIZED (
    SELECT citizen_id, declared_with AS provider_id, version_id, colour, hits, turns_green_on, needs FROM verdict
)

-- statement: daily_verdicts_across_versions
-- The same where later versions are known: the forecast is the answer of the first segment that turns green before the next
-- one begins.
forecast AS MATERIALIZED (
    SELECT min(sid) AS base, min(green) FILTER (WHERE green < ends) AS turns_green_on,
           (array_agg(needs ORDER BY sid DESC))[1] AS needs
    FROM (SELECT s.sid, s.citizen_id, s.declared_with, v.needs,
                 CASE WHEN v.sid IS NULL THEN s.day ELSE v.turns_green_on END AS green,
                 coalesce(lead(s.day) OVER (PARTITION BY s.citizen_id, s.declared_with ORDER BY s.sid), 'infinity') AS ends
          FROM subject s
          LEFT JOIN verdict v ON v.sid = s.sid) segments
    GROUP BY citizen_id, declared_with
),
today AS MATERIALIZED (
    SELECT v.citizen_id, v.declared_with AS provider_id, v.version_id, v.colour, v.hits, f.turns_green_on,
           CASE WHEN f.turns_green_on IS NULL THEN f.needs END AS needs
    FROM verdict v
    JOIN forecast f ON f.base = v.sid
)

-- statement: coming
-- Of every subject of the day itself with a hit that holds or begins later: the next day on which its verdict can be another
-- without anything new, if the citizen checks in every day; whether it rests on that; and the kinds of facts that could release it.
-- Where the answer itself moves with the day, as the last day of a listing that goes on does, it is the day after. `rests_from`: the
-- first day of what these hits rest on, and of what could release them. Any other fact of theirs has had its effect: its hit is
-- released, and days that pass and records that are new release a hit sooner, never later.
coming AS MATERIALIZED (
    SELECT spell.citizen_id, spell.declared_with AS provider_id, spell.day,
           min(CASE WHEN upper_inf(spell.listed) OR upper(spell.listed) > spell.day THEN spell.day + 1
                    WHEN spell.since > spell.day THEN spell.since
                    WHEN spell.until_if_followed IS NOT NULL THEN greatest(spell.until_if_followed, spell.day + 1)
               END) AS next_on,
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
