"""Functions of a city that also work on a node of a Citus cluster, where its tables have their shards' numbers behind their names."""

from django.db import migrations

# As in 0026: the path ends in `pg_temp`, and the body qualifies every name, operators too. On a node a table of its own name is
# there too, always empty.
REFRESH_STATISTICS = """
CREATE OR REPLACE FUNCTION refresh_statistics(tables pg_catalog.text[]) RETURNS pg_catalog.void
LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
    named pg_catalog.text;
BEGIN
    FOR named IN SELECT DISTINCT ON (told.name) c.relname
                 FROM pg_catalog.pg_class c
                 JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
                 CROSS JOIN LATERAL (SELECT pg_catalog.regexp_replace(c.relname::pg_catalog.text, '_[0-9]{6,}$', '') AS name) told
                 WHERE n.nspname OPERATOR(pg_catalog.=) pg_catalog.current_schema() AND c.relkind OPERATOR(pg_catalog.=) 'r'
                   AND told.name OPERATOR(pg_catalog.=) ANY (tables)
                 ORDER BY told.name, pg_catalog.length(c.relname::pg_catalog.text) DESC
    LOOP
        EXECUTE pg_catalog.format('ANALYZE %I.%I', pg_catalog.current_schema(), named);
    END LOOP;
END
$body$
"""

# Cities are made by repeating these statements, so that none may name a schema by itself.
FIX_PATH = """
DO $path$
BEGIN
    EXECUTE pg_catalog.format('ALTER FUNCTION %1$I.refresh_statistics(pg_catalog.text[]) SET search_path = %1$I, pg_catalog, pg_temp',
                              pg_catalog.current_schema());
END
$path$
"""

# A node does not join the rows of a trigger with a table, nor give ids within a query that joins: both are steps of their own.
TELL = """
CREATE OR REPLACE FUNCTION codes_tell_webhooks(what text, citizens bigint[], said jsonb[], are_urgent boolean[],
                                               providers bigint[] DEFAULT NULL)
RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $body$
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
                AND earlier.webhook_id = made.webhook_id AND earlier.person = made.person
$body$
"""
TELL_OF_ALARMS = """
-- Without its key, which may be somebody's user name: whoever may know it reads it in the portal.
CREATE OR REPLACE FUNCTION codes_tell_of_alarms() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
DECLARE
    raised jsonb := (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.id) FROM made m);
BEGIN
    INSERT INTO codes_webhookdelivery (event_id, webhook_id, event, person, data, urgent, made_at, next_at, give_up_at)
    WITH due AS MATERIALIZED (
        SELECT gen_random_uuid(), w.id, 'alarm.raised', '',
               jsonb_build_object('alarm', m->'id', 'severity', m->'severity', 'kind', m->'kind', 'colour', m->'colour',
                                  'people', m->'figures'->'people', 'expected', m->'figures'->'expected',
                                  'window', m->'figures'->'window'),
               true, now(), now(), now() + interval '24 hours'
        FROM jsonb_array_elements(raised) WITH ORDINALITY AS one(m, place)
        JOIN codes_webhook w ON w.provider_id IS NULL AND w.state IN ('active', 'paused') AND w.events ? 'alarm.raised'
        ORDER BY one.place, w.id
    )
    SELECT * FROM due;
    RETURN NULL;
END
$body$
"""
TELL_OF_DISPLAYS = """
-- Only whoever displays it is told.
CREATE OR REPLACE FUNCTION codes_tell_of_displays() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT SET timezone = 'UTC' AS $body$
DECLARE
    changed jsonb := (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.id) FROM made m);
    citizens bigint[];
    said jsonb[];
    are_urgent boolean[];
    providers bigint[];
BEGIN
    IF EXISTS (SELECT FROM codes_webhook w WHERE w.state IN ('active', 'paused') AND w.events ? 'finding.display') THEN
        SELECT array_agg(f.citizen_id ORDER BY place),
               array_agg(jsonb_build_object('what', m->'what', 'cause', m->'cause', 'value', f.value, 'colour', nullif(f.colour, ''),
                                            'expected', f.expected, 'shown_at', f.shown_at) ORDER BY place),
               array_agg(false ORDER BY place), array_agg(f.provider_id ORDER BY place)
        INTO citizens, said, are_urgent, providers
        FROM jsonb_array_elements(changed) WITH ORDINALITY AS one(m, place)
        JOIN codes_displayfinding f ON f.id = (m->>'finding_id')::bigint;
        PERFORM codes_tell_webhooks('finding.display', citizens, said, are_urgent, providers);
    END IF;
    RETURN NULL;
END
$body$
"""


class Migration(migrations.Migration):
    dependencies = [("codes", "0051_scans_of_a_gate")]

    operations = [
        migrations.RunSQL(
            [REFRESH_STATISTICS, FIX_PATH, TELL, TELL_OF_ALARMS, TELL_OF_DISPLAYS], migrations.RunSQL.noop
        ),
    ]
