-- statement: cases
SELECT c.citizen_id, person.ref, person.id_encrypted, person.full_name,
       c.number, c.kind, c.state, c.severity, d.colours, c.opened_at, c.due_at, c.paused_at, c.escalated_at,
       c.assigned_to, c.closed_at, c.outcome, before.number,
       (SELECT to_jsonb(a) || jsonb_build_object('provider', provider.code)
        FROM codes_appeal a JOIN codes_provider provider ON provider.id = a.provider_id WHERE a.case_id = c.id),
       coalesce((SELECT jsonb_agg(to_jsonb(r) ORDER BY r.id) FROM codes_ruling r WHERE r.case_id = c.id), '[]')
FROM codes_case c
JOIN codes_citizen person ON person.id = c.citizen_id
LEFT JOIN codes_disagreement d ON d.id = c.disagreement_id
LEFT JOIN codes_case before ON before.id = c.follows_id
WHERE {{narrowed}}
  AND (%(place)s::text IS NULL OR c.id IN (SELECT id FROM ({{placed}}) AS each WHERE place = %(place)s))
ORDER BY c.opened_at, c.id

-- statement: narrowed
(%(kind)s::text IS NULL OR c.kind = %(kind)s) AND (%(state)s::text IS NULL OR c.state = %(state)s) AND {{span}}

-- statement: placed
-- Each case with the place of the record that caused it.
SELECT c.id, c.opened_at, coalesce(min(fact.area), {{place}}) AS place
FROM codes_case c
LEFT JOIN codes_pairdiagnosis p ON p.disagreement_id = c.disagreement_id
LEFT JOIN codes_appeal appeal ON appeal.case_id = c.id
LEFT JOIN codes_fact fact ON fact.id = appeal.fact_id
WHERE {{narrowed}}
GROUP BY c.id

-- statement: figures
SELECT grouping(place) = 1, place, day, count(*)
FROM (SELECT place, (opened_at AT TIME ZONE %(zone)s)::date AS day FROM ({{placed}}) AS each) AS of_day
WHERE %(place)s::text IS NULL OR place = %(place)s
GROUP BY GROUPING SETS ((place), (day))
ORDER BY count(*) DESC, place, day
