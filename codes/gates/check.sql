-- statement: keep
-- Keeps that a pass was checked, and says what the gate is told: replayed where another gate had it since %(since)s.
INSERT INTO codes_gatescan (by, at, result, pass_hash)
SELECT %(by)s::text, %(at)s::timestamptz,
       CASE WHEN %(briefly)s::boolean AND EXISTS (
                     SELECT FROM codes_gatescan s
                     WHERE s.pass_hash = %(pass_hash)s::bytea AND s.at > %(since)s::timestamptz AND s.by <> %(by)s::text)
            THEN 'replayed' ELSE %(result)s::text END,
       %(pass_hash)s::bytea
RETURNING result

-- statement: crowded
-- The scan of a gate that is so many back; none when there were fewer since then.
SELECT at FROM codes_gatescan
WHERE by = %(by)s::text AND at > %(since)s::timestamptz
ORDER BY at DESC OFFSET %(most)s::bigint - 1 LIMIT 1
