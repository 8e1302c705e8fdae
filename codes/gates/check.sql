-- Keeps that a pass was checked, and says what the gate is told: replayed where another gate had it since %(since)s.
-- Whether one had is a step of its own: of an INSERT that reads the city a node would give the id, by a sequence that is not its to use (ADR 75).
WITH found AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM codes_gatescan s
                   WHERE s.pass_hash = %(pass_hash)s::bytea AND s.at > %(since)s::timestamptz AND s.by <> %(by)s::text) AS elsewhere
)
INSERT INTO codes_gatescan (by, at, result, pass_hash)
SELECT %(by)s::text, %(at)s::timestamptz,
       CASE WHEN %(briefly)s::boolean AND elsewhere THEN 'replayed' ELSE %(result)s::text END,
       %(pass_hash)s::bytea
FROM found
RETURNING result
