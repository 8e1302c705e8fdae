-- statement: merge
-- `complete_at` moves only with the days: it says up to when this value answers what was known.
    INSERT INTO codes_checkindays AS held (citizen_id, provider_id, days, complete_at)
    SELECT citizen_id, provider_id, range_agg(daterange(day, day, '[]')), %(now)s
    FROM unnest(%(citizens)s::bigint[], %(providers)s::bigint[], %(days)s::date[]) AS said(citizen_id, provider_id, day)
    GROUP BY citizen_id, provider_id
    ORDER BY citizen_id, provider_id
    ON CONFLICT (citizen_id, provider_id) DO UPDATE
    SET days = held.days + excluded.days, complete_at = greatest(held.complete_at, excluded.complete_at)
    WHERE NOT held.days @> excluded.days
