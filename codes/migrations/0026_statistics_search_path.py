"""The function of the owner's that a city's role may call finds no name in a schema that the caller can write to."""

from django.db import migrations

# A search path without `pg_temp` searches it first for tables and types: a domain there of the name of a type that the body casts to
# ran its check, and whatever that called, as the owner. So the path ends in it, and the body qualifies every name, operators too.
REPLACE = """
CREATE OR REPLACE FUNCTION refresh_statistics(tables pg_catalog.text[]) RETURNS pg_catalog.void
LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
    named pg_catalog.text;
BEGIN
    FOR named IN SELECT c.relname FROM pg_catalog.pg_class c
                 JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
                 WHERE n.nspname OPERATOR(pg_catalog.=) pg_catalog.current_schema() AND c.relkind OPERATOR(pg_catalog.=) 'r'
                   AND c.relname OPERATOR(pg_catalog.=) ANY (tables)
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


class Migration(migrations.Migration):
    dependencies = [("codes", "0025_standing_fingerprints")]

    operations = [
        migrations.RunSQL(REPLACE, migrations.RunSQL.noop),
        migrations.RunSQL(FIX_PATH, migrations.RunSQL.noop),
    ]
