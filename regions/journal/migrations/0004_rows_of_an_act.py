"""What an act did to the rows that the journal accounts for stands in its entry; triggers note it within the transaction."""

from django.db import migrations, models

# One line of JSON a statement. The setting is the transaction's own: it ends with it, and goes back with a savepoint.
NOTE = """
CREATE FUNCTION journal_note_rows() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $body$
DECLARE
    noted text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT jsonb_agg(jsonb_build_array(TG_TABLE_NAME, m.id, NULL, to_jsonb(m)) ORDER BY m.id)::text INTO noted FROM made m;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT jsonb_agg(jsonb_build_array(TG_TABLE_NAME, g.id, to_jsonb(g), NULL) ORDER BY g.id)::text INTO noted FROM gone g;
    ELSE
        SELECT jsonb_agg(jsonb_build_array(TG_TABLE_NAME, b.id, to_jsonb(b), to_jsonb(a)) ORDER BY b.id)::text INTO noted
        FROM before b JOIN after a ON a.id = b.id;
    END IF;
    IF noted IS NOT NULL THEN
        PERFORM set_config('portal.changed_rows', concat(current_setting('portal.changed_rows', true), noted, E'\\n'), true);
    END IF;
    RETURN NULL;
END
$body$
"""


class Migration(migrations.Migration):
    dependencies = [("journal", "0003_many_subjects")]

    operations = [
        migrations.AddField(
            model_name="journalentry",
            name="rows",
            field=models.JSONField(help_text="what the act did to accounted rows: regions.accounted", null=True),
        ),
        migrations.RunSQL(NOTE, "DROP FUNCTION journal_note_rows()"),
    ]
