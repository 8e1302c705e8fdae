-- Keeps that a pass was checked, and says what the gate is told: replayed where another gate had it since %(since)s.
INSERT INTO codes_gatescan (by, at, result, pass_hash)
SELECT %(by)s::text, %(at)s::timestamptz,
       CASE WHEN %(briefly)s::boolean AND EXISTS (
                     SELECT FROM codes_gatescan s
                     WHERE s.pass_hash = %(pass_hash)s::bytea AND s.at > %(since)s::timestamptz AND s.by <> %(by)s::text)
            THEN 'replayed' ELSE %(result)s::text END,
       %(pass_hash)s::bytea
RETURNING result
