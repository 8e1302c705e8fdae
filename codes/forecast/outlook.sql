-- statement: hits
-- `counts_from` is the day from which release is counted. It may lie in the future: the planned end of a stay, or the last day on
-- which the area of a stay without an end is listed; null while that listing has no end.
SELECT p.code, h.version_id, h.rule_id, h.anchor, h.since, h.holds, h.until, h.until_if_followed, tests.days,
       (SELECT min(later.effective_from) FROM codes_rulesetversion later
        JOIN codes_rulesetversion present ON present.id = h.version_id AND present.rule_set_id = later.rule_set_id
        JOIN codes_run run ON run.id = %(run)s
        WHERE later.effective_from > run.day AND later.created_at <= run.as_of
          AND (later.withdrawn_at IS NULL OR later.withdrawn_at > run.as_of)),
       coalesce((SELECT k.days @> %(today)s::date FROM codes_checkindays k
                 WHERE k.citizen_id = h.citizen_id AND k.provider_id = h.declared_with), false),
       CASE WHEN h.listed IS NULL THEN h.anchor
            WHEN NOT upper_inf(h.listed) THEN
                (SELECT max(upper(span)) - 1 FROM unnest(h.listed) AS span
                 WHERE h.until_if_followed IS NULL OR lower(span) < h.until_if_followed)
       END AS counts_from,
       f.area, (SELECT declared.code FROM codes_provider declared WHERE declared.id = f.provider_id)
FROM hit h
LEFT JOIN (SELECT sid, array_agg(started_on) AS days FROM seen WHERE kind = 'negative_test' GROUP BY sid) tests ON tests.sid = h.sid
JOIN codes_fact f ON f.id = h.fact_id
JOIN codes_provider p ON p.id = h.declared_with
ORDER BY p.code, h.code, h.fact_id, h.rule_id
