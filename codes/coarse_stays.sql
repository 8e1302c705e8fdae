-- Stays of one source that are recorded too coarsely for the risk lists of its providers' rule sets.
-- A stay is coarse in a version if entries lie inside its area (or inside an area that succeeded it) and none covers it.
WITH dissolved AS (
    SELECT * FROM unnest(%(codes)s::text[], %(successors)s::text[]) AS dissolved(code, successor)
), entry AS (
    SELECT DISTINCT version.id AS version, area.area, area.from_day, area.to_day
    FROM codes_rulesetversion version
    JOIN codes_rule rule ON rule.version_id = version.id AND rule.kind = 'area_stay'
    JOIN codes_riskarea area ON area.version_id = version.id AND area.level = ANY (rule.area_levels)
    WHERE version.id = ANY (%(versions)s)
), stay AS (
    SELECT area, started_on, least(coalesce(ended_on, %(day)s), %(day)s) AS last_day, count(*) AS number
    FROM codes_fact
    WHERE source_id = %(source)s AND kind = 'area_stay' AND area LIKE '%%00'
      AND NOT superseded AND NOT revoked AND started_on <= %(day)s
    GROUP BY area, started_on, last_day
), met AS (
    -- The list entries that overlap with a stay in area and days, and whether any of them covers it.
    SELECT stay.area, stay.started_on, stay.last_day, stay.number, entry.version,
           bool_or({{entry_covers_place}}) AS is_covered
    FROM stay
    CROSS JOIN LATERAL (
        SELECT stay.area AS code UNION ALL SELECT successor FROM dissolved WHERE dissolved.code = stay.area
    ) place
    JOIN entry ON entry.from_day <= stay.last_day AND coalesce(entry.to_day, stay.last_day) >= stay.started_on
              AND ({{entry_covers_place}} OR {{place_covers_entry}})
    GROUP BY stay.area, stay.started_on, stay.last_day, stay.number, entry.version
), coarse AS (
    SELECT DISTINCT area, started_on, last_day, number FROM met WHERE NOT is_covered
)
SELECT area, sum(number)::int FROM coarse GROUP BY area ORDER BY 2 DESC, 1
