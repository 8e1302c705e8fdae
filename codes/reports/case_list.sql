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
WHERE (%(kind)s::text IS NULL OR c.kind = %(kind)s) AND (%(state)s::text IS NULL OR c.state = %(state)s)
  AND {{span}}
ORDER BY c.opened_at, c.id
