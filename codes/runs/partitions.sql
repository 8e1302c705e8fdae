-- statement: write
-- Only changed verdicts are written: the new ones against the ones that stood, by one full join. A provider without a delivery
-- or a version judges nobody and keeps its rows.
stood AS MATERIALIZED (
    SELECT v.* FROM codes_verdict v
    JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
    WHERE {{among}}
),
changed AS MATERIALIZED (
    SELECT coalesce(n.citizen_id, o.citizen_id) AS citizen_id, coalesce(n.provider_id, o.provider_id) AS provider_id,
           coalesce(n.version_id, o.version_id) AS version_id,
           coalesce(o.colour, 'green') AS before, coalesce(n.colour, 'green') AS after,
           coalesce(n.hits, '[]') AS hits, n.turns_green_on, n.needs
    FROM today n
    FULL JOIN stood o ON o.citizen_id = n.citizen_id AND o.provider_id = n.provider_id
    WHERE n.colour IS DISTINCT FROM o.colour OR n.hits IS DISTINCT FROM o.hits
       OR n.version_id IS DISTINCT FROM o.version_id OR n.turns_green_on IS DISTINCT FROM o.turns_green_on
       OR n.needs IS DISTINCT FROM o.needs
),
history AS (
    INSERT INTO codes_verdictchange (run_id, citizen_id, provider_id, version_id, before, after, hits, turns_green_on, needs)
    SELECT %(run)s, citizen_id, provider_id, version_id, before, after, hits, turns_green_on, needs FROM changed
)
SELECT (SELECT count(*) FROM subject), (SELECT count(*) FROM today), count(*),
       count(*) FILTER (WHERE after = 'red' AND before <> 'red'),
       count(*) FILTER (WHERE after = 'green' AND before <> 'green'),
       encode(sha256(convert_to(coalesce(string_agg(
           jsonb_build_array(citizen_id, provider_id, version_id, before, after, hits, turns_green_on, needs)::text,
           E'\n' ORDER BY citizen_id, provider_id), ''), 'UTF8')), 'hex')
FROM changed
