-- The verdicts that runs changed, for comparison with the digests in the journal. Earlier digests did not cover version and needs.

-- statement: digests
count(*) AS rows,
encode(sha256(convert_to(coalesce(string_agg(
    (jsonb_build_array(citizen_id, provider_id, version_id, before, after, hits, turns_green_on, needs)
     || CASE WHEN healthy_days IS NULL THEN '[]' ELSE to_jsonb(healthy_days) END)::text,
    E'\n' ORDER BY citizen_id, provider_id), ''), 'UTF8')), 'hex') AS digest,
encode(sha256(convert_to(coalesce(string_agg(
    concat_ws('|', citizen_id, provider_id, before, after, hits, turns_green_on),
    E'\n' ORDER BY citizen_id, provider_id), ''), 'UTF8')), 'hex') AS earlier_form

-- statement: of_partitions
-- Each row belongs to the last partition whose range begins at or below its citizen. The number is null for rows below all ranges.
WITH ranges AS (
    SELECT coalesce(array_agg(low ORDER BY low), '{0}') AS lows, array_agg(number ORDER BY low) AS numbers
    FROM codes_partition WHERE run_id = %(run)s
)
SELECT ranges.numbers[width_bucket(c.citizen_id, ranges.lows)] AS number, {{digests}}
FROM codes_verdictchange c CROSS JOIN ranges
WHERE c.run_id = %(run)s
GROUP BY 1

-- statement: of_run
SELECT {{digests}} FROM codes_verdictchange WHERE run_id = %(run)s

-- statement: of_joined
-- The runs in which people who were joined have changes, with their digests after the joining.
SELECT run_id, {{digests}} FROM codes_verdictchange
WHERE run_id IN (SELECT run_id FROM codes_verdictchange WHERE citizen_id = ANY (%(kept)s))
GROUP BY run_id

-- statement: with_changes
SELECT run_id, count(*) FROM codes_verdictchange GROUP BY run_id ORDER BY run_id

-- statement: standing
-- The verdicts that differ from the change made by the last run that counts.
WITH told AS (
    SELECT DISTINCT ON (c.citizen_id, c.provider_id)
           c.citizen_id, c.provider_id, c.run_id,
           jsonb_build_array(c.after, c.version_id, c.hits, c.turns_green_on, c.healthy_days, c.needs) AS verdict, c.after
    FROM codes_verdictchange c JOIN codes_run run ON run.id = c.run_id
    WHERE run.state = ANY (%(counted)s) AND c.held_in_id IS NULL
    ORDER BY c.citizen_id, c.provider_id, c.run_id DESC
)
SELECT citizen.ref, provider.code, coalesce(v.colour, 'green'), coalesce(t.after, 'green'), t.run_id
FROM (SELECT * FROM told WHERE after <> 'green') t
FULL JOIN codes_verdict v ON v.citizen_id = t.citizen_id AND v.provider_id = t.provider_id
LEFT JOIN codes_citizen citizen ON citizen.id = coalesce(v.citizen_id, t.citizen_id)
LEFT JOIN codes_provider provider ON provider.id = coalesce(v.provider_id, t.provider_id)
WHERE t.verdict IS DISTINCT FROM jsonb_build_array(v.colour, v.version_id, v.hits, v.turns_green_on, v.healthy_days, v.needs)
ORDER BY 1, 2
