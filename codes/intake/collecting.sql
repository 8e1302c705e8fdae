-- statement: new_citizens
-- Of the 16 random bytes of a UUID, those that hold no version or variant bits; five bits of each make a letter.
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
-- A name that nobody declared yet is taken from the source.
    UPDATE codes_citizen c SET full_name = s.full_name
    FROM (SELECT DISTINCT ON (id_hash) id_hash, full_name FROM sources_stagedrecord
          WHERE batch_id = %(batch)s AND full_name <> '' ORDER BY id_hash, recorded_at DESC) s
    WHERE c.id_hash = s.id_hash AND c.full_name = ''

-- statement: new_versions
-- Within a batch the rows of a record stand in the order of recorded_at and the last one is its state. That is stored
-- unless it is the state the city holds already; an earlier row is stored unless the city ever held it, and then the
-- last one after it.
    WITH delivered AS MATERIALIZED (
        SELECT DISTINCT ON (record_id, recorded_at)
               record_id, id_hash, kind, area, started_on, ended_on, recorded_at, revoked, detail, digest
        FROM sources_stagedrecord
        WHERE batch_id = %(batch)s
        ORDER BY record_id, recorded_at, line
    ),
    placed AS MATERIALIZED (
        SELECT d.*, lead(d.recorded_at) OVER (PARTITION BY d.record_id ORDER BY d.recorded_at) IS NULL AS is_last,
               h.id AS held_id, h.version AS held_version, h.digest AS held_digest
        FROM delivered d
        LEFT JOIN codes_fact h ON h.source_id = %(source)s AND h.provider_id IS NULL AND h.record_id = d.record_id
                              AND NOT h.superseded
    ),
    judged AS MATERIALIZED (
        SELECT p.*,
               CASE WHEN is_last THEN held_digest IS DISTINCT FROM digest
                    ELSE NOT EXISTS (SELECT FROM codes_fact f
                                     WHERE f.source_id = %(source)s AND f.provider_id IS NULL
                                       AND f.record_id = p.record_id AND f.digest = p.digest)
               END AS is_new
        FROM placed p
    ),
    fresh AS MATERIALIZED (
        SELECT j.*, row_number() OVER (PARTITION BY record_id ORDER BY recorded_at) AS step
        FROM (SELECT judged.*, bool_or(is_new) OVER (PARTITION BY record_id) AS any_new FROM judged) j
        WHERE is_new OR is_last AND any_new
    ),
    stored AS (
        INSERT INTO codes_fact (citizen_id, origin, source_id, record_id, version, superseded, revoked, kind, area,
                                started_on, ended_on, recorded_at, received_at, detail, batch_id, digest)
        SELECT c.id, 'source', %(source)s, f.record_id, coalesce(f.held_version, 0) + f.step, NOT f.is_last, f.revoked,
               f.kind, f.area, f.started_on, f.ended_on, f.recorded_at, %(now)s, f.detail, %(batch)s, f.digest
        FROM fresh f
        JOIN codes_citizen c ON c.id_hash = f.id_hash
        RETURNING 1
    ),
    outdated AS (
        UPDATE codes_fact SET superseded = true
        WHERE id IN (SELECT held_id FROM fresh WHERE is_last AND held_id IS NOT NULL)
    )
    SELECT count(*), (SELECT count(*) FROM fresh) FROM stored
