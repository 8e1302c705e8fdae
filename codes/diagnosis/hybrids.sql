-- statement: pairs
-- The pairs: for each citizen, every two known providers whose colours differ. A is the one whose code sorts first.
ends AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY d.citizen_id, ca.code, cb.code) AS number, d.citizen_id,
           run.as_of, run.day,
           a.provider_id AS a, a.source_id AS a_source, a.version_id AS a_version, a.horizon AS a_horizon,
           b.provider_id AS b, b.source_id AS b_source, b.version_id AS b_version, b.horizon AS b_horizon,
           ca.code AS a_code, cb.code AS b_code
    FROM unnest(%(citizens)s::bigint[], %(colours)s::jsonb[]) AS d(citizen_id, colours)
    JOIN codes_run run ON run.id = %(run)s
    JOIN codes_runprovider a ON a.run_id = run.id AND a.known
    JOIN codes_runprovider b ON b.run_id = run.id AND b.known
    JOIN codes_provider ca ON ca.id = a.provider_id
    JOIN codes_provider cb ON cb.id = b.provider_id AND cb.code > ca.code
    WHERE d.colours->>ca.code <> d.colours->>cb.code
),
-- `same` is the set of factors that are equal on both sides for this citizen: a shared source or version; two horizons between
-- which nothing was recorded about them; no declared fact, and the same check-ins or none. Facts that began before `reads_from`
-- cannot hold anybody in any hybrid.
pair AS MATERIALIZED (
    SELECT e.*, coalesce(first.started_on, 'infinity') AS reads_from,
           (check_ins.alike AND NOT EXISTS (
                SELECT FROM codes_fact f
                WHERE f.citizen_id = e.citizen_id AND f.provider_id IN (e.a, e.b) AND f.kind <> 'negative_test'  -- which cannot be declared
           ))::int * 1
           + (e.a_source = e.b_source)::int * 2 + (e.a_version = e.b_version)::int * 4
           + (e.a_horizon = e.b_horizon OR NOT EXISTS (
                SELECT FROM codes_fact f
                WHERE f.citizen_id = e.citizen_id AND f.source_id IN (e.a_source, e.b_source)
                  AND (f.recorded_at > e.first_horizon AND f.recorded_at <= e.last_horizon
                       OR f.superseded AND EXISTS (
                           SELECT FROM codes_fact later
                           WHERE later.record_id = f.record_id AND later.source_id = f.source_id
                             AND later.recorded_at > e.first_horizon AND later.recorded_at <= e.last_horizon))
           ))::int * 8 AS same
    FROM (SELECT *, as_of AS known_at, least(a_horizon, b_horizon) AS first_horizon, greatest(a_horizon, b_horizon) AS last_horizon
          FROM ends OFFSET 0) e
    CROSS JOIN LATERAL (
        SELECT count(*) = 0 OR count(*) = 2 AND count(DISTINCT k.days) = 1 AND bool_and(k.complete_at <= e.as_of) AS alike
        FROM codes_checkindays k
        WHERE k.citizen_id = e.citizen_id AND k.provider_id IN (e.a, e.b)
    ) check_ins
    LEFT JOIN LATERAL (
        SELECT f.started_on
        FROM (SELECT f.*, r.version_id, r.area_levels, r.hold_days, r.checkin_days, r.tests, r.anchor, r.cleared_by
              FROM ({{facts}}) f
              JOIN codes_rule r ON r.kind = f.kind
              ORDER BY f.started_on
              OFFSET 0) f
        WHERE f.version_id IN (e.a_version, e.b_version) AND NOT ({{over}})
        LIMIT 1
    ) first ON true
)

-- statement: hybrids
-- Swapping a factor that is equal on both sides changes nothing, so only the masks without such factors are judged.
    SELECT p.number * 16 + mask, p.citizen_id,
           CASE WHEN mask & 1 = 0 THEN p.a ELSE p.b END,
           CASE WHEN mask & 2 = 0 THEN p.a_source ELSE p.b_source END,
           CASE WHEN mask & 4 = 0 THEN p.a_version ELSE p.b_version END,
           CASE WHEN mask & 8 = 0 THEN p.a_horizon ELSE p.b_horizon END,
           p.as_of, p.day, NULL::date, p.reads_from
    FROM pair p
    CROSS JOIN generate_series(0, 15) AS mask
    WHERE mask & p.same = 0

-- statement: statement
-- Every hybrid with its hits, gathered into one row for each pair. Hits are returned as text, because most are never parsed.
hybrid AS (
    SELECT s.sid / 16 AS number, s.sid %% 16 AS mask, coalesce(v.colour, 'green') AS colour, v.hits::text AS hits
    FROM subject s
    LEFT JOIN verdict v ON v.sid = s.sid
),
gathered AS (
    SELECT number, array_agg(mask) AS masks, array_agg(colour) AS colours, array_agg(hits) AS hits
    FROM hybrid GROUP BY number
),
coming AS (
    SELECT sid / 16 AS number, min({{next_day}}) AS next_on FROM spell GROUP BY sid / 16
)
SELECT p.citizen_id, p.a, p.b, p.a_code, p.b_code, p.a_version, p.b_version, p.a_source, p.b_source, p.a_horizon, p.b_horizon,
       p.same, p.as_of, p.day, g.masks, g.colours, g.hits, c.next_on
FROM pair p
JOIN gathered g ON g.number = p.number
LEFT JOIN coming c ON c.number = p.number
ORDER BY p.number

-- statement: exchanged
-- For each swap, the facts that only the base side sees and those that only the swap sees. Subjects 2n and 2n + 1 are the two sides
-- of swap n.
WITH subject AS MATERIALIZED (
    SELECT asked.*, %(as_of)s::timestamptz AS known_at, %(day)s::date AS day
    FROM unnest(%(sids)s::int[], %(citizens)s::bigint[], %(providers)s::bigint[], %(sources)s::bigint[], %(horizons)s::timestamptz[])
         AS asked (sid, citizen_id, declared_with, own_source, horizon)
),
{{seen}}
SELECT number, coalesce(array_agg(fact_id) FILTER (WHERE side = 0), '{}'), coalesce(array_agg(fact_id) FILTER (WHERE side = 1), '{}')
FROM (SELECT sid / 2 AS number, fact_id, min(sid %% 2) AS side FROM seen GROUP BY sid / 2, fact_id HAVING count(*) = 1) of_one
GROUP BY number
