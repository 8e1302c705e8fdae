-- statement: write
-- A message for each row of `recipient` (citizen_id, data, urgent), and one for each guardian. Each recipient's phone and
-- choice is one look-up by key, so that the rest of the city is not read, however many rows there are. The rows are
-- inserted in a separate step, because a node of a cluster does not accept ids assigned by the coordinator within such
-- a query.
INSERT INTO codes_message (kind, recipient_id, about_id, made_at, data, urgent, state, next_at, send_until)
WITH letter AS MATERIALIZED (
    SELECT %(kind)s, reader.id, recipient.citizen_id, %(at)s, recipient.data, recipient.urgent,
           CASE WHEN %(by_sms)s
                     AND (SELECT c.phone_hash IS NOT NULL FROM codes_citizen c WHERE c.id = reader.id)
                     AND (recipient.urgent
                          OR NOT coalesce((SELECT chosen.without ? %(kind)s FROM codes_messagechoice chosen WHERE chosen.citizen_id = reader.id),
                                          false))
                THEN 'waiting' ELSE 'portal' END, %(at)s, %(at)s + %(sent_within)s
    FROM ({{recipients}}) AS recipient (citizen_id, data, urgent)
    CROSS JOIN LATERAL (
        SELECT recipient.citizen_id AS id
        UNION ALL
        SELECT g.guardian_id FROM codes_guardianship g
        WHERE g.dependant_id = recipient.citizen_id AND g.accepted AND g.ended_at IS NULL AND %(to_guardians)s
        OFFSET 0
    ) reader
)
SELECT * FROM letter

-- statement: given
SELECT * FROM unnest(%(citizens)s::bigint[], %(data)s::jsonb[], %(urgent)s::boolean[])

-- statement: ending
-- Rulings whose last day is near. The unique constraint excludes those about which a message was written before.
SELECT r.citizen_id, jsonb_build_object('ruling', r.id, 'colour', r.colour, 'expires_on', r.expires_on), false
FROM codes_ruling r
WHERE r.state = 'approved' AND r.suspended_at IS NULL AND r.expires_on > %(today)s AND r.expires_on <= %(near)s
