-- statement: found
-- Who disagrees by these verdicts. Someone without a verdict that is not green at a provider that is known in the run is green
-- everywhere a provider is known, and cannot disagree.
coloured AS (
    SELECT r.citizen_id, p.provider_id, provider.code, p.version_id, coalesce(v.colour, 'green') AS colour, v.hits
    FROM (SELECT DISTINCT v.citizen_id FROM {{verdicts}} v
          JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s AND p.known
          WHERE {{among}}) held
    JOIN codes_registration r ON r.citizen_id = held.citizen_id
    JOIN codes_runprovider p ON p.provider_id = r.provider_id AND p.run_id = %(run)s AND p.known
    JOIN codes_run run ON run.id = p.run_id AND r.registered_at <= run.as_of
    JOIN codes_provider provider ON provider.id = p.provider_id
    LEFT JOIN {{verdicts}} v ON v.citizen_id = r.citizen_id AND v.provider_id = r.provider_id
),
found AS MATERIALIZED (
    SELECT citizen_id, jsonb_object_agg(code, colour) AS colours,
           sha256(convert_to(string_agg(concat_ws('|', code, colour, version_id, (
               SELECT string_agg(concat_ws(':', hit->>'rule', hit->>'fact_id'), ',' ORDER BY hit->>'rule', hit->>'fact_id')
               FROM jsonb_array_elements(hits) AS hit)), E'\n' ORDER BY code), 'UTF8')) AS fingerprint
    FROM coloured
    GROUP BY citizen_id
    HAVING min(colour) <> max(colour)
)

-- statement: settle
-- One full join of what is found with what stands: all reading ends before the first row is written, and closing before opening,
-- for the database allows one open disagreement per citizen.
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
-- What a run of history found, all of which is its own.
(SELECT citizen_id, provider_id, after AS colour, hits FROM codes_verdictchange WHERE run_id = %(run)s)

-- statement: keep
-- A disagreement of the past never stands: it is closed by the run that opens it.
WITH {{found}}
INSERT INTO codes_disagreement (citizen_id, fingerprint, colours, opened_run_id, closed_run_id)
SELECT citizen_id, fingerprint, colours, %(run)s, %(run)s FROM found ORDER BY citizen_id
