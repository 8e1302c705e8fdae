-- Records that a pass was checked, and returns the result for the gate: replayed if another gate had it since
-- %(since)s. The look-up is a step of its own: if the INSERT read the city's rows itself, a node of a cluster would assign
-- the id from a sequence that it must not use (ADR 75).
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
