-- statement: hits
SELECT p.code, h.version_id, h.rule_id, h.anchor, h.since, h.until, h.until_if_followed, s.test_days,
       (SELECT min(later.effective_from) FROM codes_rulesetversion later
        JOIN codes_rulesetversion present ON present.id = h.version_id AND present.rule_set_id = later.rule_set_id
        JOIN codes_run run ON run.id = %(run)s
        WHERE later.effective_from > run.day AND later.created_at <= run.as_of),
       coalesce((SELECT k.days @> %(today)s::date FROM codes_checkindays k
                 WHERE k.citizen_id = h.citizen_id AND k.provider_id = h.declared_with), false)
FROM hit h
JOIN seen s ON s.sid = h.sid AND s.fact_id = h.fact_id
JOIN codes_provider p ON p.id = h.declared_with
ORDER BY p.code, h.code, h.fact_id, h.rule_id
