-- statement: of_run
-- The disagreements that stood until the next run. The effective code is the one settled by the run, or by a ruling or an amending run
-- after it, even if a ruling's last day has passed since. The case is the one about this fingerprint or, if missing data on one side
-- has changed the fingerprint, the one open at that time.
WITH {{decide}}
SELECT d.citizen_id, c.ref, c.id_encrypted, c.full_name, d.colours,
       coalesce(decided.colour, stood.after), coalesce(decided.because, stood.after_because),
       coalesce(diagnosed.pairs, '[]'), taken.number, taken.state, coalesce(displayed.wrongly, '[]')
FROM codes_disagreement d
LEFT JOIN codes_run run ON run.id = %(standing_run)s
JOIN codes_citizen c ON c.id = d.citizen_id
LEFT JOIN decided ON decided.citizen_id = d.citizen_id
LEFT JOIN LATERAL ({{code_after}}) stood ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(p) || jsonb_build_object('a', a.code, 'b', b.code, 'guilty', p.root_cause)
                     ORDER BY a.code COLLATE "C", b.code COLLATE "C") AS pairs
    FROM codes_pairdiagnosis p
    JOIN codes_provider a ON a.id = p.a_id
    JOIN codes_provider b ON b.id = p.b_id
    WHERE p.disagreement_id = d.id
) diagnosed ON true
LEFT JOIN LATERAL (
    SELECT found.number, found.state
    FROM codes_case found
    WHERE found.citizen_id = d.citizen_id AND found.kind = 'disagreement'
      AND (SELECT coalesce(opened.amends_id, opened.id) FROM codes_run opened WHERE opened.id = found.opened_run_id) <= run.id
      AND (found.fingerprint = d.fingerprint OR found.closed_at IS NULL OR found.closed_at > run.as_of)
    ORDER BY found.fingerprint = d.fingerprint DESC, found.closed_at IS NULL DESC, found.id DESC LIMIT 1
) taken ON true
LEFT JOIN LATERAL (
    -- The cause as it was at that time; it may have changed since.
    SELECT jsonb_agg(jsonb_build_object('provider', p.code, 'value', f.value, 'cause', at_the_time.cause,
                                        'since', CASE WHEN at_the_time.cause = 'old' THEN f.old_since ELSE f.opened_at END)
                     ORDER BY p.code COLLATE "C") AS wrongly
    FROM codes_displayfinding f
    JOIN codes_provider p ON p.id = f.provider_id
    CROSS JOIN LATERAL (SELECT c.cause FROM codes_displaychange c WHERE c.finding_id = f.id AND c.at <= %(seen)s
                        ORDER BY c.id DESC LIMIT 1) at_the_time
    WHERE f.citizen_id = d.citizen_id AND f.opened_at <= %(seen)s AND (f.closed_at IS NULL OR f.closed_at > %(seen)s)
) displayed ON true
JOIN codes_run opened ON opened.id = d.opened_run_id
LEFT JOIN codes_run closed ON closed.id = d.closed_run_id
WHERE {{which}}
  AND (%(place)s::text IS NULL AND %(data_age)s::text IS NULL OR d.id IN (
      SELECT id FROM ({{of_each}}) AS each
      WHERE (%(place)s::text IS NULL OR each.place = %(place)s) AND (%(data_age)s::text IS NULL OR each.data_age = %(data_age)s)
  ))
ORDER BY d.citizen_id

-- statement: of_each
-- Each disagreement with the place of its record, and the age of the oldest data by which a provider of a differing pair judged.
SELECT d.id, {{place}} AS place, max(greatest(a.age, b.age))::text AS data_age
FROM codes_disagreement d
JOIN codes_run opened ON opened.id = d.opened_run_id
LEFT JOIN codes_run closed ON closed.id = d.closed_run_id
LEFT JOIN codes_pairdiagnosis p ON p.disagreement_id = d.id
    AND (%(provider)s::text IS NULL OR (SELECT id FROM codes_provider WHERE code = %(provider)s) IN (p.a_id, p.b_id))
LEFT JOIN ({{ages}}) a ON a.provider_id = p.a_id
LEFT JOIN ({{ages}}) b ON b.provider_id = p.b_id
WHERE {{which}}
GROUP BY d.id
HAVING (%(provider)s::text IS NULL OR count(p.id) > 0)
   AND (%(cause)s::text IS NULL OR bool_or(p.primary_cause = %(cause)s))

-- statement: ages
SELECT judged.provider_id, width_bucket(extract(epoch FROM of.as_of - judged.horizon), ARRAY[86400, 172800, 604800]) AS age
FROM codes_runprovider judged
JOIN codes_run of ON of.id = judged.run_id
WHERE of.id = %(run)s

-- statement: figures
SELECT grouping(place) = 1, place, data_age, count(*)
FROM ({{of_each}}) AS each
WHERE (%(place)s::text IS NULL OR place = %(place)s) AND (%(data_age)s::text IS NULL OR data_age = %(data_age)s)
GROUP BY GROUPING SETS ((place), (data_age))
ORDER BY count(*) DESC, place, data_age

-- statement: standing
coalesce(opened.amends_id, opened.id) <= %(run)s AND (closed.id IS NULL OR coalesce(closed.amends_id, closed.id) > %(run)s)

-- statement: kept
opened.id = %(run)s
