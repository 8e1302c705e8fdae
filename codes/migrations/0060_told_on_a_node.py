"""Webhooks are told on a node, too (``docs/adr/0075-citus.md``).

A node plans no statement with the parameters of an SQL function; and of an INSERT that reads a table it has the id given by a call of
the city's role, which may not use its sequence. What inserts beside the reading is given ids without a call.
"""

from django.db import migrations

TELL = """
CREATE OR REPLACE FUNCTION codes_tell_webhooks(what text, citizens bigint[], said jsonb[], are_urgent boolean[],
                                               providers bigint[] DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
BEGIN
    WITH due AS MATERIALIZED (
        SELECT gen_random_uuid(), w.id AS webhook_id, what, own.reference, one.said, one.urgent, now() AS made_at, now(),
               now() + interval '24 hours'
        FROM unnest(citizens, said, are_urgent, providers) WITH ORDINALITY AS one(citizen_id, said, urgent, provider_id, place)
        JOIN codes_registration r ON r.citizen_id = one.citizen_id AND r.provider_id = coalesce(one.provider_id, r.provider_id)
        JOIN codes_webhook w ON w.provider_id = r.provider_id AND w.state IN ('active', 'paused') AND w.events ? what
        CROSS JOIN LATERAL (
            SELECT e.entry_id AS reference FROM codes_entry e
            WHERE e.citizen_id = r.citizen_id AND e.provider_id = r.provider_id AND e.type = 'declaration'
            ORDER BY e.entry_id ~ '^B[0-9]{8}-[0-9A-Z]{8}$', e.instant, e.id LIMIT 1
        ) own
        ORDER BY one.place, w.id
    ),
    made AS (
        INSERT INTO codes_webhookdelivery (event_id, webhook_id, event, person, data, urgent, made_at, next_at, give_up_at)
        SELECT * FROM due
        RETURNING webhook_id, person, urgent
    )
    -- What waits for the same person goes first, so it is as urgent.
    UPDATE codes_webhookdelivery earlier SET urgent = true
    FROM made WHERE made.urgent AND NOT earlier.urgent AND earlier.state = 'waiting'
                AND earlier.webhook_id = made.webhook_id AND earlier.person = made.person;
END
$body$
"""
TELL_OF_ALARMS = """
-- Without its key, which may be somebody's user name: whoever may know it reads it in the portal.
CREATE OR REPLACE FUNCTION codes_tell_of_alarms() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
DECLARE
    raised jsonb := (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.id) FROM made m);
    told bigint;
BEGIN
    WITH due AS MATERIALIZED (
        SELECT gen_random_uuid(), w.id, 'alarm.raised', '',
               jsonb_build_object('alarm', m->'id', 'severity', m->'severity', 'kind', m->'kind', 'colour', m->'colour',
                                  'people', m->'figures'->'people', 'expected', m->'figures'->'expected',
                                  'window', m->'figures'->'window'),
               true, now(), now(), now() + interval '24 hours'
        FROM jsonb_array_elements(raised) WITH ORDINALITY AS one(m, place)
        JOIN codes_webhook w ON w.provider_id IS NULL AND w.state IN ('active', 'paused') AND w.events ? 'alarm.raised'
        ORDER BY one.place, w.id
    ),
    waiting AS (
        INSERT INTO codes_webhookdelivery (event_id, webhook_id, event, person, data, urgent, made_at, next_at, give_up_at)
        SELECT * FROM due
        RETURNING id
    )
    SELECT count(*) INTO told FROM waiting;
    RETURN NULL;
END
$body$
"""


class Migration(migrations.Migration):
    dependencies = [("codes", "0059_words_for_cases")]
    operations = [migrations.RunSQL([TELL, TELL_OF_ALARMS], migrations.RunSQL.noop)]
