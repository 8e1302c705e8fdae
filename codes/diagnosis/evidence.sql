-- Facts as evidence. For kinds that a rule counts from their recording, the last column is when the origin first recorded the same
-- content, as in the engine's step `matched`.
SELECT f.id, f.origin, coalesce(s.code, p.code, 'city'), f.record_id, f.version, f.kind, f.area, f.started_on, f.ended_on,
       f.recorded_at, f.received_at, f.batch_id,
       CASE WHEN f.kind = ANY (%(by_record)s) THEN
           (SELECT min(said.recorded_at) FROM codes_fact said
            WHERE said.record_id = f.record_id AND said.source_id IS NOT DISTINCT FROM f.source_id
              AND said.provider_id IS NOT DISTINCT FROM f.provider_id
              AND said.kind = f.kind AND said.area IS NOT DISTINCT FROM f.area AND said.started_on = f.started_on
              AND NOT said.revoked
              AND NOT ({{suppressed}}))
       END
FROM codes_fact f
LEFT JOIN sources_source s ON s.id = f.source_id
LEFT JOIN codes_provider p ON p.id = f.provider_id
CROSS JOIN (SELECT %(known_at)s::timestamptz AS known_at) asked
WHERE f.id = ANY (%(facts)s)
