-- statement: rekind
-- Store every record of a kind as if it were sent again in a batch with its new kind: a new version, with the same time of recording.
    WITH old AS (
        UPDATE codes_fact SET superseded = true
        WHERE source_id = %(source)s AND kind = %(old)s AND NOT superseded AND NOT revoked
        RETURNING *
    )
    INSERT INTO codes_fact (citizen_id, origin, source_id, batch_id, record_id, version, superseded, revoked, kind, area,
                            started_on, ended_on, recorded_at, received_at, detail)
    SELECT citizen_id, origin, source_id, %(batch)s, record_id,
           (SELECT max(version) + 1 FROM codes_fact v WHERE v.source_id = old.source_id AND v.record_id = old.record_id),
           false, false, %(new)s, area,
           started_on, ended_on, recorded_at, %(now)s, detail
    FROM old WHERE %(new)s <> 'area_stay' OR area IS NOT NULL
    RETURNING citizen_id
