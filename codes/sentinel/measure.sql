-- statement: turned
-- Whom the run turns, one row for each hit, with everything these people have in common: (citizen, colour, kind, key).
-- Call before the run's changes are applied: of somebody who turns green, what stands tells what is gone.
--
-- Left out are whoever is kept back in a held group, and whoever turns green on the day they were told. A stay in a listed area
-- is explained by the list, which two people put in force; it counts for its listing, not for what delivered it.
-- Every step looks rows up one by one: a join would read the facts of the whole city for the few that changed.
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
              ELSE c.before <> 'green' AND coalesce((hit->>'until')::date > %(day)s::date, true)
          END
),
-- Versions by which a provider was not judged in the last run of the whole city: whom facts turn that were known then, these turn.
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
        SELECT area, batch_id, source_id, CASE WHEN origin = 'provider' THEN provider_id END AS entered_with, record_id,
               fact.provider_id AS of_provider, recorded_at, received_at, id AS fact_id
        FROM codes_fact fact WHERE id = c.fact_id OFFSET 0
    ) f
    JOIN codes_rulesetversion version ON version.id = c.version_id
    LEFT JOIN new_version v ON v.provider_id = c.provider_id AND f.received_at <= %(last_as_of)s
),
turned AS MATERIALIZED (
    SELECT h.citizen_id, h.colour, h.rule, common.kind, common.key
    FROM hit h
    CROSS JOIN LATERAL (
        SELECT * FROM (VALUES
            ('area', CASE WHEN NOT h.listed THEN h.area END),
            ('source', CASE WHEN NOT h.listed THEN h.source_id::text END),
            ('batch', CASE WHEN NOT h.listed THEN h.batch_id::text END),
            ('provider', CASE WHEN NOT h.listed THEN h.entered_with::text END),
            ('instant', CASE WHEN NOT h.listed AND h.colour <> 'green' THEN
                concat(coalesce('source-' || h.source_id, 'provider-' || h.of_provider, 'city'), ' ',
                       to_char(date_trunc('minute', h.recorded_at AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T"HH24:MI"Z"')) END),
            ('version', CASE WHEN NOT h.listed THEN h.version_id::text END),
            ('listed', CASE WHEN h.listed THEN h.area END),
            ('publisher', CASE WHEN h.listed THEN h.publisher END)
        ) AS told(kind, key)
        UNION ALL
        SELECT 'official', unnest(h.publishers) WHERE NOT h.listed
        UNION ALL
        -- Who put the record out of force, or back, since the last run of the whole city began.
        SELECT 'official', unnest(CASE WHEN s.ended_at > %(since)s THEN ARRAY[s.end_proposed_by, s.ended_by]
                                       ELSE ARRAY[s.proposed_by, s.decided_by] END)
        FROM codes_suppression s
        WHERE s.record_id = h.record_id AND s.source_id IS NOT DISTINCT FROM h.source_id
          AND s.provider_id IS NOT DISTINCT FROM h.of_provider AND s.state IN ('approved', 'ended')
          AND (s.decided_at > %(since)s OR s.ended_at > %(since)s)
        UNION ALL
        SELECT 'official', %(started_by)s
    ) common
    WHERE common.key <> ''
    UNION ALL
    -- Decisions that made somebody's colour by themselves, since the run before.
    SELECT e.citizen_id, e.after, '', 'official', by.name
    FROM codes_effectivechange e
    JOIN codes_ruling r ON r.id = e.ruling_id
    CROSS JOIN LATERAL unnest(CASE WHEN r.state = 'ended' THEN ARRAY[r.end_proposed_by, r.ended_by]
                                   ELSE ARRAY[r.proposed_by, r.decided_by] END) AS by(name)
    WHERE e.id > %(up_to)s AND e.run_id IS NULL AND e.before <> e.after AND e.after <> 'unknown' AND by.name <> ''
    UNION ALL
    -- Where these people were before, as far as anybody has told the city, and when they joined it.
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
GROUP BY kind, key
RETURNING kind, key

-- statement: shared
-- What else the people have in common whom the run turned by one subject, and by which rules.
, mine AS (
    -- Not joined: nothing is known of how many rows these steps have, and a loop within a loop would be chosen.
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
-- The days of the subjects of this run that turned enough people in four weeks to be looked at.
WITH candidate AS MATERIALIZED (
    SELECT s.kind, s.key
    FROM codes_subjectcount s
    JOIN codes_subjectcount now ON now.run_id = %(run)s AND now.kind = s.kind AND now.key = s.key
    WHERE s.day > %(day)s::date - 28 AND s.day <= %(day)s
    GROUP BY s.kind, s.key
    HAVING greatest(sum(s.red), sum(s.yellow), sum(s.green)) >= %(least)s
)
SELECT s.kind, s.key, s.day, sum(s.red), sum(s.yellow), sum(s.green)
FROM codes_subjectcount s
JOIN candidate c ON c.kind = s.kind AND c.key = s.key
WHERE s.day > %(day)s::date - %(past)s AND s.day <= %(day)s
GROUP BY s.kind, s.key, s.day

-- statement: kinds
SELECT kind, day, sum(red), sum(yellow), sum(green), max(red), max(yellow), max(green)
FROM codes_subjectcount
WHERE kind = ANY (%(kinds)s) AND day > %(day)s::date - %(past)s AND day <= %(day)s
GROUP BY kind, day
