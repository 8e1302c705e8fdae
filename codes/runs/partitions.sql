-- statement: divide
-- The end of each range of citizens, such that the ranges have equal numbers of the people to judge and none more than `most`.
SELECT max(citizen_id) + 1
FROM (SELECT citizen_id, ntile(CASE WHEN parts <= 2 THEN parts ELSE (parts + %(shares)s - 1) / %(shares)s * %(shares)s END)
                         OVER (ORDER BY citizen_id) AS part
      FROM (SELECT citizen_id, ((count(*) OVER () + %(most)s - 1) / %(most)s)::int AS parts FROM ({{people}}) judged) counted) divided
GROUP BY part ORDER BY part

-- statement: changed
-- Only changed verdicts are written. They are found by one full join of the new with the stored verdicts. A provider without a delivery
-- or a version judges nobody and keeps its rows.
stood AS MATERIALIZED (
    SELECT v.* FROM {{verdicts}} v
    JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
),
changed AS MATERIALIZED (
    SELECT coalesce(n.citizen_id, o.citizen_id) AS citizen_id, coalesce(n.provider_id, o.provider_id) AS provider_id,
           coalesce(n.version_id, o.version_id) AS version_id,
           coalesce(o.colour, 'green') AS before, coalesce(n.colour, 'green') AS after,
           coalesce(n.hits, '[]') AS hits, n.turns_green_on, n.healthy_days, n.needs
    FROM today n
    FULL JOIN stood o ON o.citizen_id = n.citizen_id AND o.provider_id = n.provider_id
    WHERE n.colour IS DISTINCT FROM o.colour OR n.hits IS DISTINCT FROM o.hits
       OR n.version_id IS DISTINCT FROM o.version_id OR n.turns_green_on IS DISTINCT FROM o.turns_green_on
       OR n.healthy_days IS DISTINCT FROM o.healthy_days OR n.needs IS DISTINCT FROM o.needs
)

-- statement: remember
-- When each verdict of the same subjects can change next. If the day on which it turns green is too far ahead to be stored, the verdict
-- is judged again every day. Check-ins received after the run's instant count from the next run on.
awaited AS MATERIALIZED (
    SELECT c.citizen_id, c.provider_id, c.kinds, c.rests_from, c.has_streak,
           least(c.next_on,
                 CASE WHEN t.hits IS NOT NULL AND t.turns_green_on IS NULL AND t.needs IS NULL THEN c.day + 1 END,
                 CASE WHEN known.is_later THEN c.day END) AS next_on,
           CASE WHEN c.by_check_ins THEN c.day END AS judged_on,
           CASE WHEN c.by_check_ins THEN coalesce(known.days, '{}') * datemultirange(daterange(NULL, c.day)) END AS checked_in
    FROM coming c
    FULL JOIN today t ON t.citizen_id = c.citizen_id AND t.provider_id = c.provider_id
    LEFT JOIN LATERAL (
        SELECT days, complete_at > (SELECT as_of FROM codes_run WHERE id = %(run)s) AS is_later
        FROM codes_checkindays
        WHERE c.by_check_ins AND citizen_id = c.citizen_id AND provider_id = c.provider_id
        OFFSET 0
    ) known ON true
)

-- statement: write
-- Judging is a single step, and the column `what` of its rows states what each row is. On a cluster this step then runs on the city's
-- node, which it would not if its own steps were next to those that store rows.
WITH engine AS MATERIALIZED (
    {{judged}}
    SELECT 'changed' AS what, citizen_id, provider_id, version_id, before, after, hits, turns_green_on, healthy_days, needs,
           NULL::date AS next_on, NULL::date AS judged_on, NULL::datemultirange AS checked_in, NULL::text[] AS kinds, NULL::date AS rests_from,
           NULL::bool AS has_streak, NULL::bool AS gone
    FROM changed
    UNION ALL
    SELECT 'counted', (SELECT count(DISTINCT citizen_id) FROM subject), (SELECT count(*) FROM subject), (SELECT count(*) FROM today),
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    {{awaited}}
),
history AS (
    INSERT INTO codes_verdictchange (run_id, citizen_id, provider_id, version_id, before, after, hits, turns_green_on, healthy_days, needs)
    SELECT %(run)s, citizen_id, provider_id, version_id, before, after, hits, turns_green_on, healthy_days, needs
    FROM engine
    WHERE what = 'changed'
){{remember}}
SELECT (SELECT citizen_id FROM engine WHERE what = 'counted'), (SELECT provider_id FROM engine WHERE what = 'counted'),
       (SELECT version_id FROM engine WHERE what = 'counted'), count(*),
       count(*) FILTER (WHERE after = 'red' AND before <> 'red'),
       count(*) FILTER (WHERE after = 'green' AND before <> 'green'),
       encode(sha256(convert_to(coalesce(string_agg(
           (jsonb_build_array(citizen_id, provider_id, version_id, before, after, hits, turns_green_on, needs)
            || CASE WHEN healthy_days IS NULL THEN '[]' ELSE to_jsonb(healthy_days) END)::text,
           E'\n' ORDER BY citizen_id, provider_id), ''), 'UTF8')), 'hex')
FROM engine
WHERE what = 'changed'

-- statement: awaited
UNION ALL
SELECT 'awaited', coalesce(n.citizen_id, v.citizen_id), coalesce(n.provider_id, v.provider_id), NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       n.next_on, n.judged_on, n.checked_in, coalesce(n.kinds, '{}'), n.rests_from, n.has_streak, n.citizen_id IS NULL
FROM awaited n
FULL JOIN (
    SELECT v.* FROM {{next_changes}} v
    JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s
                            AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
) v ON v.citizen_id = n.citizen_id AND v.provider_id = n.provider_id
WHERE n.next_on IS DISTINCT FROM v.next_on OR n.judged_on IS DISTINCT FROM v.judged_on
   OR n.checked_in IS DISTINCT FROM v.checked_in OR coalesce(n.kinds, '{}') IS DISTINCT FROM v.kinds
   OR n.rests_from IS DISTINCT FROM v.rests_from OR n.has_streak IS DISTINCT FROM v.has_streak OR (n.citizen_id IS NULL) IS DISTINCT FROM v.gone OR v.run_id > %(base)s

-- statement: of_range
(SELECT * FROM {{table}} WHERE citizen_id >= %(low)s AND citizen_id < %(high)s)

-- statement: of
-- One look-up each: a join would read the rows of everybody who is held.
(SELECT found.* FROM ({{people}}) asked CROSS JOIN LATERAL (SELECT * FROM {{table}} WHERE citizen_id = asked.citizen_id OFFSET 0) found)

-- statement: of_nobody
(SELECT * FROM {{table}} WHERE false)

-- statement: keep
,
remembered AS (
    INSERT INTO codes_nextchange (citizen_id, provider_id, next_on, judged_on, checked_in, kinds, rests_from, has_streak, gone, run_id)
    SELECT citizen_id, provider_id, next_on, judged_on, checked_in, kinds, rests_from, has_streak, gone, %(run)s
    FROM engine
    WHERE what = 'awaited'
    ON CONFLICT (citizen_id, provider_id) DO UPDATE
    SET next_on = excluded.next_on, judged_on = excluded.judged_on, checked_in = excluded.checked_in, kinds = excluded.kinds,
        rests_from = excluded.rests_from, has_streak = excluded.has_streak, gone = excluded.gone, run_id = excluded.run_id
)
