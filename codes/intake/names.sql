-- statement: by_source
-- The names in a delivery, unless the stored ones were recorded later.
    INSERT INTO codes_statedname AS held (citizen_id, source_id, full_name, stated_at, received_at)
    SELECT c.id, %(source)s, s.full_name, s.recorded_at, %(now)s
    FROM (SELECT DISTINCT ON (id_hash) id_hash, full_name, recorded_at FROM sources_stagedrecord
          WHERE batch_id = %(batch)s AND full_name <> '' ORDER BY id_hash, recorded_at DESC, line DESC) s
    JOIN codes_citizen c ON c.id_hash = s.id_hash
    ORDER BY c.id
    ON CONFLICT (citizen_id, source_id, provider_id) DO UPDATE
    SET full_name = excluded.full_name, stated_at = excluded.stated_at, received_at = excluded.received_at
    WHERE (excluded.stated_at, excluded.full_name) IS DISTINCT FROM (held.stated_at, held.full_name)
      AND excluded.stated_at >= held.stated_at

-- statement: taken_away
-- A record that is now about another person no longer gives a name for the first. That name is kept only while the
-- source has other records about the first person.
    DELETE FROM codes_statedname n
    USING (SELECT DISTINCT old.citizen_id FROM codes_fact fresh
           JOIN codes_fact old ON old.record_id = fresh.record_id AND old.source_id = fresh.source_id
                              AND old.citizen_id <> fresh.citizen_id
           WHERE fresh.batch_id = %(batch)s) lost
    WHERE n.source_id = %(source)s AND n.citizen_id = lost.citizen_id
      AND NOT EXISTS (SELECT FROM codes_fact f
                      WHERE f.citizen_id = lost.citizen_id AND f.source_id = %(source)s AND NOT f.superseded)
    RETURNING n.citizen_id

-- statement: by_provider
    INSERT INTO codes_statedname AS held (citizen_id, provider_id, full_name, stated_at, received_at)
    SELECT citizen_id, provider_id, full_name, stated_at, %(now)s
    FROM unnest(%(citizens)s::bigint[], %(providers)s::bigint[], %(names)s::text[], %(instants)s::timestamptz[])
         AS stated(citizen_id, provider_id, full_name, stated_at)
    ORDER BY citizen_id, provider_id
    ON CONFLICT (citizen_id, source_id, provider_id) DO UPDATE
    SET full_name = excluded.full_name, stated_at = excluded.stated_at, received_at = excluded.received_at
    WHERE (excluded.stated_at, excluded.full_name) IS DISTINCT FROM (held.stated_at, held.full_name)
      AND excluded.stated_at >= held.stated_at

-- statement: of_batch
    SELECT DISTINCT c.id FROM sources_stagedrecord s JOIN codes_citizen c ON c.id_hash = s.id_hash WHERE s.batch_id = %(batch)s

-- statement: to_compare
-- For nearly everybody all origins give one name. Only the other citizens are compared one by one.
    SELECT c.id, c.names_differ, coalesce(array_agg(n.full_name) FILTER (WHERE n.full_name IS NOT NULL), '{}')
    FROM ({{citizens}}) AS touched(id)
    JOIN codes_citizen c ON c.id = touched.id
    LEFT JOIN codes_statedname n ON n.citizen_id = c.id
    GROUP BY c.id
    HAVING c.names_differ OR min(n.full_name) <> max(n.full_name)
