-- statement: found
-- The disagreements of the given people by the given verdicts.
coloured AS (
    SELECT r.citizen_id, provider.code, coalesce(v.colour, 'green') AS colour, v.hits
    FROM ({{people}}) asked
    CROSS JOIN LATERAL (
        -- One look-up each: a join would read the registrations of the whole city.
        SELECT citizen_id, provider_id, registered_at FROM codes_registration WHERE citizen_id = asked.citizen_id OFFSET 0
    ) r
    JOIN codes_runprovider p ON p.provider_id = r.provider_id AND p.run_id = %(run)s AND p.known
    JOIN codes_run run ON run.id = p.run_id AND r.registered_at <= run.as_of AND NOT {{unjudged}}
    JOIN codes_provider provider ON provider.id = p.provider_id
    LEFT JOIN {{verdict}}
),
differing AS MATERIALIZED (
    SELECT citizen_id, array_agg(code ORDER BY code COLLATE "C") AS codes, array_agg(colour ORDER BY code COLLATE "C") AS colours,
           array_agg(hits ORDER BY code COLLATE "C") AS hits
    FROM coloured
    GROUP BY citizen_id
    HAVING min(colour) <> max(colour)
),
-- The fingerprint (docs/adr/0020-…): the colours, and the content of each hit. Of the rule it covers the code and every parameter,
-- including `area_levels`, but neither the version nor the risk-list entry that matched: as long as the rule hits, it is the same
-- hit. Of the fact it covers origin and content. It does not cover the anchor, which follows from these and moves every day for a
-- stay that goes on, nor names, texts or row ids, which can change without any change for the person.
ruled AS MATERIALIZED (
    SELECT id, jsonb_build_array(
               code, kind, colour, anchor, hold_days, checkin_days, tests, test_gap_days,
               (SELECT jsonb_agg(one ORDER BY one) FROM unnest(area_levels) AS one),
               (SELECT jsonb_agg(one ORDER BY one) FROM unnest(cleared_by) AS one)) AS content
    FROM codes_rule
),
contents AS MATERIALIZED (
    SELECT d.citizen_id, place, jsonb_agg(described.content ORDER BY described.content) AS hits
    FROM differing d
    CROSS JOIN LATERAL unnest(d.hits) WITH ORDINALITY AS each(of_provider, place)
    CROSS JOIN LATERAL jsonb_array_elements(of_provider) AS hit
    -- One look-up each: a join would read the facts of the whole city.
    CROSS JOIN LATERAL (SELECT * FROM codes_fact WHERE id = (hit->>'fact_id')::bigint OFFSET 0) f
    JOIN ruled ON ruled.id = (hit->>'rule_id')::bigint
    LEFT JOIN sources_source s ON s.id = f.source_id
    LEFT JOIN codes_provider declared ON declared.id = f.provider_id
    CROSS JOIN LATERAL (
        SELECT ruled.content || jsonb_build_array(f.origin, coalesce(s.code, declared.code), f.record_id, f.kind, f.area,
                                                  f.started_on, f.ended_on) AS content
        OFFSET 0
    ) described
    GROUP BY d.citizen_id, place
),
found AS MATERIALIZED (
    SELECT d.citizen_id, jsonb_object(d.codes, d.colours) AS colours,
           sha256(convert_to(jsonb_build_array(d.codes, d.colours, jsonb_agg(contents.hits ORDER BY each.place))::text, 'UTF8'))
               AS fingerprint
    FROM differing d
    CROSS JOIN LATERAL generate_series(1, cardinality(d.codes)) AS each(place)
    LEFT JOIN contents ON contents.citizen_id = d.citizen_id AND contents.place = each.place
    GROUP BY d.citizen_id, d.codes, d.colours
)

-- statement: held
-- People with a verdict, which is red or yellow, at a provider known in the run. All others are green at every known provider and
-- cannot have a disagreement.
SELECT DISTINCT v.citizen_id FROM {{verdicts}} v
JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s AND p.known
WHERE {{among}}

-- statement: by
{{verdicts}} v ON v.citizen_id = r.citizen_id AND v.provider_id = r.provider_id

-- statement: settle
-- One full join of the found with the standing disagreements, so that all reading ends before the first write. Closing comes before
-- opening, because the database allows one open disagreement per citizen.
WITH {{found}},
compared AS MATERIALIZED (
    SELECT found.citizen_id, found.fingerprint, found.colours, stood.id AS stood
    FROM found
    FULL JOIN (SELECT id, citizen_id, fingerprint FROM codes_disagreement WHERE closed_run_id IS NULL AND {{among}}) stood
      ON stood.citizen_id = found.citizen_id
    WHERE stood.fingerprint IS DISTINCT FROM found.fingerprint
),
closed AS (
    UPDATE codes_disagreement d SET closed_run_id = %(run)s FROM compared WHERE d.id = compared.stood
    RETURNING d.id
),
opened AS (
    INSERT INTO codes_disagreement (citizen_id, fingerprint, colours, opened_run_id)
    SELECT citizen_id, fingerprint, colours, %(run)s FROM compared
    WHERE fingerprint IS NOT NULL AND (SELECT count(*) FROM closed) >= 0
    ORDER BY citizen_id
    RETURNING id
)
SELECT (SELECT count(*) FROM opened), (SELECT count(*) FROM closed)

-- statement: judged_by
-- The verdicts of a run of history, all of which are stored as its changes.
(SELECT citizen_id, provider_id, after AS colour, hits FROM codes_verdictchange WHERE run_id = %(run)s)

-- statement: keep
-- A disagreement of a past day is never open: it is closed by the run that opens it.
WITH {{found}}
INSERT INTO codes_disagreement (citizen_id, fingerprint, colours, opened_run_id, closed_run_id)
SELECT citizen_id, fingerprint, colours, %(run)s, %(run)s FROM found ORDER BY citizen_id

-- statement: to_open
-- The disagreements that will differ from the standing ones, of the people of a range whose verdicts the run under way has changed, if
-- no change is held.
WITH {{found}}
SELECT found.citizen_id, found.colours, found.fingerprint
FROM found
LEFT JOIN codes_disagreement stands ON stands.citizen_id = found.citizen_id AND stands.closed_run_id IS NULL
WHERE stands.fingerprint IS DISTINCT FROM found.fingerprint
ORDER BY found.citizen_id

-- statement: changed_in_range
SELECT DISTINCT citizen_id FROM codes_verdictchange
WHERE run_id = %(run)s AND citizen_id >= %(low)s AND citizen_id < %(high)s

-- statement: to_stand
LATERAL (
    -- One look-up each, of the run's change or else of the current verdict: during a run the planner does not know their numbers.
    SELECT CASE WHEN own.run_id IS NULL THEN stands.colour ELSE own.after END AS colour,
           CASE WHEN own.run_id IS NULL THEN stands.hits WHEN own.after <> 'green' THEN own.hits END AS hits
    FROM (SELECT) AS one
    LEFT JOIN (SELECT * FROM codes_verdictchange
               WHERE citizen_id = r.citizen_id AND provider_id = r.provider_id AND run_id = %(run)s OFFSET 0) own ON true
    LEFT JOIN (SELECT * FROM codes_verdict WHERE citizen_id = r.citizen_id AND provider_id = r.provider_id OFFSET 0) stands ON true
    OFFSET 0
) v ON true
