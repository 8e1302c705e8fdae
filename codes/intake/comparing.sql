-- statement: find
-- The unexpected contents of a delivery: moments of a record before the horizon that are new to the city, moments that
-- the city has with other content, and, with a full comparison, the records that the city has and the source has no
-- more. If a delivery omits unchanged ranges, the records of these ranges are compared with those that were missing
-- before.
WITH delivered AS MATERIALIZED (
    SELECT DISTINCT ON (record_id, recorded_at) record_id, recorded_at, digest
    FROM sources_stagedrecord WHERE batch_id = %(batch)s
    ORDER BY record_id, recorded_at, line
),
unexpected AS (
    SELECT CASE WHEN held.digests IS NULL THEN 'late' ELSE 'changed' END AS kind, d.record_id, d.recorded_at
    FROM delivered d
    CROSS JOIN LATERAL (
        SELECT array_agg(f.digest ORDER BY f.received_at DESC, f.version DESC) AS digests
        FROM codes_fact f
        WHERE f.record_id = d.record_id AND f.recorded_at = d.recorded_at
          AND f.source_id = %(source)s AND f.provider_id IS NULL
    ) held
    WHERE CASE WHEN held.digests IS NULL THEN d.recorded_at <= %(horizon)s ELSE held.digests[1] IS DISTINCT FROM d.digest END
),
present AS MATERIALIZED (
    SELECT record_id FROM delivered
    UNION SELECT record_id FROM sources_quarantined WHERE batch_id = %(batch)s
),
known AS (
    SELECT f.record_id, f.recorded_at,
           %(bits)s::int IS NULL
           OR f.recorded_at > %(compared_with)s
           OR (get_byte(decode(md5(f.record_id), 'hex'), 0) * 256 + get_byte(decode(md5(f.record_id), 'hex'), 1))
              >> (16 - %(bits)s::int) = ANY (%(ranges)s::int[])
           OR EXISTS (SELECT FROM sources_batchfinding b
                      WHERE b.batch_id = %(before)s AND b.kind = 'missing' AND b.record_id = f.record_id) AS looked_for
    FROM codes_fact f
    WHERE f.source_id = %(source)s AND f.provider_id IS NULL AND NOT f.superseded AND NOT f.revoked
),
missing AS (
    SELECT k.record_id, k.recorded_at
    FROM known k
    WHERE %(full)s AND k.looked_for AND NOT EXISTS (SELECT FROM present p WHERE p.record_id = k.record_id)
),
found AS MATERIALIZED (
    SELECT kind, record_id, min(recorded_at) AS recorded_at FROM unexpected GROUP BY kind, record_id
    UNION ALL SELECT 'missing', record_id, recorded_at FROM missing
),
listed AS (
    INSERT INTO sources_batchfinding (batch_id, kind, record_id, recorded_at)
    SELECT %(batch)s, kind, record_id, recorded_at
    FROM (SELECT *, row_number() OVER (PARTITION BY kind ORDER BY record_id) AS place FROM found) placed
    WHERE place <= %(most)s
)
SELECT count(*) FILTER (WHERE kind = 'late'), count(*) FILTER (WHERE kind = 'changed'),
       count(*) FILTER (WHERE kind = 'missing')
FROM found
