-- statement: last
-- The check-in that counts for each of these days: the last one that is not late (docs/semantics.md §2).
    SELECT t.citizen_id, t.provider_id, t.day, e.healthy
    FROM (SELECT DISTINCT citizen_id, provider_id, day
          FROM unnest(%(citizens)s::bigint[], %(providers)s::bigint[], %(days)s::date[]) AS changed(citizen_id, provider_id, day)) t
    CROSS JOIN LATERAL (
        SELECT healthy FROM codes_entry
        WHERE citizen_id = t.citizen_id AND provider_id = t.provider_id AND day = t.day AND type = 'check_in' AND NOT late
        ORDER BY instant DESC, id DESC LIMIT 1
    ) e

-- statement: remove_days
-- `complete_at` changes only together with the days. The value is exact for any instant from it on.
UPDATE codes_checkindays held SET days = held.days - sick.days, complete_at = greatest(held.complete_at, %(now)s)
FROM (SELECT citizen_id, provider_id, range_agg(daterange(day, day, '[]')) AS days
      FROM ({{last}}) last WHERE NOT healthy GROUP BY citizen_id, provider_id) sick
WHERE held.citizen_id = sick.citizen_id AND held.provider_id = sick.provider_id AND held.days && sick.days

-- statement: add_days
-- The days are a step of their own: a cluster answers it on the city's node, and takes no LATERAL … LIMIT within the INSERT (ADR 75).
WITH healthy AS MATERIALIZED (
    SELECT citizen_id, provider_id, range_agg(daterange(day, day, '[]')) AS days
    FROM ({{last}}) last WHERE healthy GROUP BY citizen_id, provider_id
)
INSERT INTO codes_checkindays AS held (citizen_id, provider_id, days, complete_at)
SELECT citizen_id, provider_id, days, %(now)s FROM healthy
ORDER BY citizen_id, provider_id
ON CONFLICT (citizen_id, provider_id) DO UPDATE
SET days = held.days + excluded.days, complete_at = greatest(held.complete_at, excluded.complete_at)
WHERE NOT held.days @> excluded.days
