-- statement: new_citizens
-- Uses those of the 16 random bytes of a UUID that contain no version or variant bits; five bits of each make a letter.
    INSERT INTO codes_citizen (ref, id_type, id_hash, id_encrypted, full_name, known_since)
    SELECT 'C' || (SELECT string_agg(substr('{{ref_letters}}', (get_byte(noise, place) & 31) + 1, 1), '')
                   FROM unnest(ARRAY[0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14]) AS place),
           id_type, id_hash, id_encrypted, full_name, %(now)s
    FROM (SELECT first.*, uuid_send(gen_random_uuid()) AS noise
          FROM (SELECT DISTINCT ON (id_hash) id_type, id_hash, id_encrypted, full_name
                FROM sources_stagedrecord WHERE batch_id = %(batch)s ORDER BY id_hash, recorded_at DESC) first
          WHERE NOT EXISTS (SELECT FROM codes_citizen known WHERE known.id_hash = first.id_hash)) unknown
    ORDER BY id_hash
    ON CONFLICT (id_hash) DO NOTHING

-- statement: missing_names
-- A name that nobody has declared yet is taken from the source.
    UPDATE codes_citizen c SET full_name = s.full_name
    FROM (SELECT DISTINCT ON (id_hash) id_hash, full_name FROM sources_stagedrecord
          WHERE batch_id = %(batch)s AND full_name <> '' ORDER BY id_hash, recorded_at DESC) s
    WHERE c.id_hash = s.id_hash AND c.full_name = ''

-- statement: new_versions
-- A delivered row is stored unless it equals what the city has for this moment of the record. The latest version of a
-- record is the one with the latest recorded_at, then received_at, then version; all others are superseded, including
-- one that arrives later and was recorded earlier. The stored rows are looked up one by one, because the plan of a join
-- would depend on the planner's estimates. The count over all rows makes every look-up happen before the first
-- insertion, because an empty table would be scanned completely.
    WITH delivered AS MATERIALIZED (
        SELECT DISTINCT ON (record_id, recorded_at)
               record_id, id_hash, kind, area, started_on, ended_on, recorded_at, revoked, detail, digest
        FROM sources_stagedrecord
        WHERE batch_id = %(batch)s
        ORDER BY record_id, recorded_at, line
    ),
    fresh AS MATERIALIZED (
        SELECT d.*, held.latest_id, count(*) OVER () AS all_rows, coalesce(held.version, 0) + row_number() OVER earliest_first AS version,
               lead(d.recorded_at) OVER earliest_first IS NULL
               AND (held.latest_id IS NULL OR (d.recorded_at, %(now)s) >= (held.recorded_at, held.received_at)) AS is_latest
        FROM delivered d
        CROSS JOIN LATERAL (
            SELECT max(f.version) AS version,
                   max(f.id) FILTER (WHERE NOT f.superseded) AS latest_id,
                   max(f.recorded_at) FILTER (WHERE NOT f.superseded) AS recorded_at,
                   max(f.received_at) FILTER (WHERE NOT f.superseded) AS received_at,
                   (array_agg(f.digest ORDER BY f.received_at DESC, f.version DESC)
                    FILTER (WHERE f.recorded_at = d.recorded_at))[1] AS digest
            FROM codes_fact f
            WHERE f.record_id = d.record_id AND f.source_id = %(source)s AND f.provider_id IS NULL
        ) held
        WHERE held.digest IS DISTINCT FROM d.digest
        WINDOW earliest_first AS (PARTITION BY d.record_id ORDER BY d.recorded_at)
    ),
    stored AS (
        INSERT INTO codes_fact (citizen_id, origin, source_id, record_id, version, superseded, revoked, kind, area,
                                started_on, ended_on, recorded_at, received_at, detail, batch_id, digest)
        SELECT c.id, 'source', %(source)s, f.record_id, f.version, NOT f.is_latest, f.revoked,
               f.kind, f.area, f.started_on, f.ended_on, f.recorded_at, %(now)s, f.detail, %(batch)s, f.digest
        FROM fresh f
        JOIN codes_citizen c ON c.id_hash = f.id_hash
        RETURNING 1
    ),
    outdated AS (
        UPDATE codes_fact SET superseded = true
        WHERE id IN (SELECT latest_id FROM fresh WHERE is_latest AND latest_id IS NOT NULL)
    )
    SELECT count(*), (SELECT count(*) FROM fresh) FROM stored
