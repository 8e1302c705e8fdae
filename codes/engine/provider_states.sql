-- statement: unjudged
SELECT r.citizen_id, r.provider_id FROM codes_registration r WHERE r.citizen_id = ANY (%(citizens)s) AND {{unjudged}}

-- statement: visible
-- Every fact that a provider sees, with the rules that match it and, where they hold, their hits. The steps of verdict.sql come before.
SELECT f.declared_with, f.fact_id, m.rule_id, m.anchor, h.fact_id IS NOT NULL, h.until_if_followed,
       coalesce(m.listed @> f.day, false)
FROM seen f
LEFT JOIN matched m ON m.sid = f.sid AND m.fact_id = f.fact_id AND m.since <= f.day
LEFT JOIN hit h ON h.sid = f.sid AND h.fact_id = f.fact_id AND h.rule_id = m.rule_id AND h.holds
ORDER BY f.declared_with, f.started_on, f.fact_id, m.code, m.rule_id

-- statement: check_ins
-- The unbroken spans of days with a healthy check-in, by provider.
SELECT provider_id, lower(unbroken), upper(unbroken) - 1
FROM (SELECT provider_id, unnest(range_agg(daterange(day, day, '[]'))) AS unbroken
      FROM (SELECT DISTINCT ON (provider_id, day) provider_id, day, healthy
            FROM codes_entry
            WHERE citizen_id = %s AND type = 'check_in' AND NOT late AND received_at <= %s
            ORDER BY provider_id, day, instant DESC, id DESC) last
      WHERE healthy
      GROUP BY provider_id) counted
ORDER BY provider_id, unbroken
