"""The journal, in one step: what migrations 0001 to 0004 make of an empty schema. One that has some of them goes on with them."""

import django.contrib.postgres.indexes
import django.db.models.fields.json
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
    initial = True

    replaces = [
        ("journal", "0001_initial"),
        ("journal", "0002_find_by_actor"),
        ("journal", "0003_many_subjects"),
        ("journal", "0004_rows_of_an_act"),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField()),
                ('digest', models.BinaryField()),
                ('at', models.DateTimeField()),
                ('key_id', models.BigIntegerField()),
                ('signature', models.BinaryField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='JournalEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField(unique=True)),
                ('at', models.DateTimeField()),
                ('by', models.TextField(help_text='user name, or system')),
                ('verb', models.TextField()),
                ('subject', models.TextField(blank=True, help_text='what it was done to, such as case:12')),
                ('data', models.JSONField(default=dict)),
                ('previous', models.BinaryField()),
                ('digest', models.BinaryField()),
                ('rows', models.JSONField(help_text='what the act did to accounted rows: regions.accounted', null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['subject', 'seq'], name='journal_jou_subject_3998ab_idx'), models.Index(fields=['verb', 'seq'], name='journal_jou_verb_30cc1f_idx'), models.Index(fields=['at'], name='journal_jou_at_9197a9_idx'), models.Index(fields=['by', 'seq'], name='journal_jou_by_397e56_idx'), django.contrib.postgres.indexes.GinIndex(django.db.models.fields.json.KeyTransform('subjects', 'data'), condition=models.Q(('data__has_key', 'subjects')), name='journal_entry_many_subjects')],
                'constraints': [models.CheckConstraint(condition=models.Q(('by', ''), _negated=True), name='journal_entry_has_an_actor')],
            },
        ),
        migrations.RunSQL(NOTE, "DROP FUNCTION journal_note_rows()"),
    ]
