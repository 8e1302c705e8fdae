"""Fresh planner statistics on demand.

A run fills tables faster than autovacuum looks at them, and a plan made for an empty table is quadratic on a full one. Only a
table's owner may ANALYZE before PostgreSQL 17, so the city's role does it through a function of the owner's.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION refresh_statistics(tables text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    named text;
BEGIN
    FOR named IN SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
                                                AND relname = ANY (tables)
    LOOP
        EXECUTE format('ANALYZE %I.%I', current_schema(), named);
    END LOOP;
END
$$
"""

# Nothing is planned by the content of these columns, and sampling them is most of what ANALYZE costs.
UNPLANNED = """
ALTER TABLE codes_verdict ALTER COLUMN hits SET STATISTICS 0, ALTER COLUMN needs SET STATISTICS 0;
ALTER TABLE codes_fact ALTER COLUMN detail SET STATISTICS 0, ALTER COLUMN digest SET STATISTICS 0;
ALTER TABLE codes_disagreement ALTER COLUMN colours SET STATISTICS 0, ALTER COLUMN fingerprint SET STATISTICS 0
"""


class Migration(migrations.Migration):
    dependencies = [("codes", "0001_initial")]

    operations = [
        migrations.RunSQL(CREATE, "DROP FUNCTION refresh_statistics(text[])"),
        migrations.RunSQL(UNPLANNED, migrations.RunSQL.noop),
    ]
