-- statement: turned
-- The people whom the run turns, one row for each hit and for everything they have in common: (citizen, colour, kind, key).
-- Call before the run's changes are applied: the hits of people who turn green are read from the stored verdicts.
--
-- People whose change is held, and those who turn green on the announced day, are left out. A stay in a listed area is explained
-- by the list, which two people put in force; it counts for its listing, not for the delivery.
-- Every step looks rows up one by one: a join would read the facts of the whole city for the few people who changed.
changed AS MATERIALIZED (
    SELECT c.citizen_id, c.provider_id, c.after AS colour, c.version_id, hit->>'rule' AS rule,
           rule.area_levels IS NOT NULL AND c.after <> 'green' AS listed, (hit->>'fact_id')::bigint AS fact_id
    FROM codes_verdictchange c
    LEFT JOIN LATERAL (
        SELECT hits FROM codes_verdict v
        WHERE c.after = 'green' AND v.citizen_id = c.citizen_id AND v.provider_id = c.provider_id OFFSET 0
    ) stood ON true
    CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN c.after = 'green' THEN stood.hits ELSE c.hits END) AS hit
    JOIN codes_rule rule ON rule.id = (hit->>'rule_id')::bigint
    WHERE c.run_id = %(run)s AND c.held_in_id IS NULL
      AND CASE c.after
              WHEN 'red' THEN c.before <> 'red' AND rule.colour = 'red'
              WHEN 'yellow' THEN c.before = 'green'
              ELSE c.before <> 'green' AND coalesce({{until}} > %(day)s::date, true)
          END
),
-- Versions by which the last run of the whole city did not yet judge a provider. They are what turns people whose facts were known
-- then.
new_version AS MATERIALIZED (
    SELECT now.provider_id, version.id, version.created_by, draft.proposed_by
    FROM codes_runprovider now
    JOIN codes_runprovider before ON before.run_id = %(last)s AND before.provider_id = now.provider_id
                                 AND before.version_id IS DISTINCT FROM now.version_id
    JOIN codes_rulesetversion version ON version.id = now.version_id
    LEFT JOIN codes_rulesetdraft draft ON draft.version_id = version.id
    WHERE now.run_id = %(run)s
),
hit AS MATERIALIZED (
    SELECT c.citizen_id, c.colour, c.rule, c.listed, f.*, v.id AS version_id, version.created_by AS publisher,
           CASE WHEN v.id IS NOT NULL THEN ARRAY[v.created_by, v.proposed_by] END AS publishers
    FROM changed c
    CROSS JOIN LATERAL (
        SELECT area, batch_id, source_id, provider_id, record_id, recorded_at, received_at
        FROM codes_fact WHERE id = c.fact_id OFFSET 0
    ) f
    JOIN codes_rulesetversion version ON version.id = c.version_id
    LEFT JOIN new_version v ON v.provider_id = c.provider_id AND f.received_at <= %(last_as_of)s
),
turned AS MATERIALIZED (
    -- One branch for each kind of subject: a lateral join that yields all subjects of a row takes several times as long.
    SELECT citizen_id, colour, rule, 'area' AS kind, area::text AS key FROM hit WHERE NOT listed AND area IS NOT NULL
    UNION ALL
    SELECT citizen_id, colour, rule, 'listed', area FROM hit WHERE listed
    UNION ALL
    SELECT citizen_id, colour, rule, 'publisher', publisher FROM hit WHERE listed
    UNION ALL
    SELECT citizen_id, colour, rule, 'source', source_id::text FROM hit WHERE NOT listed AND source_id IS NOT NULL
    UNION ALL
    SELECT citizen_id, colour, rule, 'batch', batch_id::text FROM hit WHERE NOT listed AND batch_id IS NOT NULL
    UNION ALL
    SELECT citizen_id, colour, rule, 'provider', provider_id::text FROM hit WHERE NOT listed AND provider_id IS NOT NULL
    UNION ALL
    SELECT citizen_id, colour, rule, 'instant',
           concat(coalesce('source-' || source_id, 'provider-' || provider_id, 'city'), ' ',
                  to_char(date_trunc('minute', recorded_at AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T"HH24:MI"Z"'))
    FROM hit WHERE NOT listed AND colour <> 'green'
    UNION ALL
    SELECT citizen_id, colour, rule, 'version', version_id::text FROM hit WHERE NOT listed AND version_id IS NOT NULL
    UNION ALL
    SELECT citizen_id, colour, rule, 'official', unnest(publishers) FROM hit WHERE NOT listed AND version_id IS NOT NULL
    UNION ALL
    SELECT citizen_id, colour, rule, 'official', %(started_by)s FROM hit WHERE %(started_by)s <> ''
    UNION ALL
    -- The people who suppressed the record, or ended its suppression, since the last run of the whole city began.
    SELECT h.citizen_id, h.colour, h.rule, 'official', unnest(CASE WHEN s.ended_at > %(since)s THEN ARRAY[s.end_proposed_by, s.ended_by]
                                                                   ELSE ARRAY[s.proposed_by, s.decided_by] END)
    FROM hit h
    JOIN codes_suppression s ON s.record_id = h.record_id AND s.source_id IS NOT DISTINCT FROM h.source_id
                            AND s.provider_id IS NOT DISTINCT FROM h.provider_id
    WHERE s.state IN ('approved', 'ended') AND (s.decided_at > %(since)s OR s.ended_at > %(since)s)
    UNION ALL
    -- Decisions since the previous run that changed somebody's colour directly.
    SELECT e.citizen_id, e.after, '', 'official', by.name
    FROM codes_effectivechange e
    JOIN codes_ruling r ON r.id = e.ruling_id
    CROSS JOIN LATERAL unnest(CASE WHEN r.state = 'ended' THEN ARRAY[r.end_proposed_by, r.ended_by]
                                   ELSE ARRAY[r.proposed_by, r.decided_by] END) AS by(name)
    WHERE e.id > %(up_to)s AND e.run_id IS NULL AND e.before <> e.after AND e.after <> 'unknown' AND by.name <> ''
    UNION ALL
    -- The other areas in these people's facts, and the day on which they first registered.
    SELECT DISTINCT h.citizen_id, h.colour, '', shared.kind, shared.key
    FROM (SELECT DISTINCT citizen_id, colour, area FROM hit WHERE NOT listed AND colour <> 'green') h
    CROSS JOIN LATERAL (
        (SELECT 'place' AS kind, area AS key FROM codes_fact
         WHERE citizen_id = h.citizen_id AND area IS NOT NULL AND area IS DISTINCT FROM h.area OFFSET 0)
        UNION ALL
        SELECT 'registration', ((min(registered_at) AT TIME ZONE %(zone)s)::date)::text
        FROM codes_registration WHERE citizen_id = h.citizen_id
    ) shared
)

-- statement: count
INSERT INTO codes_subjectcount (run_id, day, kind, key, red, yellow, green)
SELECT %(run)s, %(day)s, kind, key, count(DISTINCT citizen_id) FILTER (WHERE colour = 'red'),
       count(DISTINCT citizen_id) FILTER (WHERE colour = 'yellow'), count(DISTINCT citizen_id) FILTER (WHERE colour = 'green')
FROM turned
WHERE key <> ''
GROUP BY kind, key
-- Almost every record has a minute of its own. Minutes shared by one or two people are insignificant and would be most of the rows.
HAVING kind <> 'instant' OR count(DISTINCT citizen_id) > 2
RETURNING kind, key

-- statement: shared
-- What else the people whom the run turned by one subject have in common, and the rules.
, mine AS (
    -- No join: the planner does not know how many rows these steps have and would choose a nested loop.
    SELECT *, bool_or(kind = %(kind)s AND key = %(key)s) OVER (PARTITION BY citizen_id) AS is_mine
    FROM turned WHERE colour = %(colour)s
)
SELECT kind, key, count(DISTINCT citizen_id)
FROM (
    SELECT citizen_id, kind, key FROM mine WHERE is_mine AND NOT (kind = %(kind)s AND key = %(key)s)
    UNION ALL
    SELECT citizen_id, 'rule', rule FROM mine WHERE is_mine AND rule <> ''
) told
GROUP BY kind, key
ORDER BY count(DISTINCT citizen_id) DESC, kind, key
LIMIT 20

-- statement: history
-- The past of the subjects of this run that turned enough people in four weeks to matter: days ago and people of each day.
WITH now AS MATERIALIZED (
    SELECT kind, key, each.colour
    FROM codes_subjectcount
    CROSS JOIN LATERAL (VALUES ('red', red), ('yellow', yellow), ('green', green)) AS each(colour, people)
    WHERE run_id = %(run)s AND each.people > 0
),
candidate AS MATERIALIZED (
    SELECT n.kind, n.key, n.colour
    FROM now n
    JOIN codes_subjectcount s ON s.kind = n.kind AND s.key = n.key
    WHERE s.day > %(day)s::date - 28 AND s.day <= %(day)s
    GROUP BY n.kind, n.key, n.colour
    HAVING sum(CASE n.colour WHEN 'red' THEN s.red WHEN 'yellow' THEN s.yellow ELSE s.green END) >= %(least)s
)
SELECT c.kind, c.key, c.colour, array_agg(%(day)s::date - s.day),
       array_agg(CASE c.colour WHEN 'red' THEN s.red WHEN 'yellow' THEN s.yellow ELSE s.green END)
FROM candidate c
JOIN codes_subjectcount s ON s.kind = c.kind AND s.key = c.key
WHERE s.day > %(day)s::date - CASE WHEN c.kind = ANY (%(listings)s) THEN %(long_past)s ELSE %(past)s END AND s.day <= %(day)s
GROUP BY c.kind, c.key, c.colour

-- statement: kinds
-- The people turned on each day by all subjects of a kind together, and by the largest of them.
SELECT kind, %(day)s::date - day, sum(red), sum(yellow), sum(green), max(red), max(yellow), max(green)
FROM codes_subjectcount
WHERE kind = ANY (%(kinds)s) AND day <= %(day)s
  AND day > %(day)s::date - CASE WHEN kind = ANY (%(listings)s) THEN %(long_past)s ELSE %(past)s END
GROUP BY kind, day
