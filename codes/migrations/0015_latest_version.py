from django.db import migrations

# Of a record's versions the latest was the one received last; it is the one recorded last, then received last. A version that had
# come later than another and was recorded earlier no longer counts as the latest; nothing else of a row changes.
MARK_THE_LATEST = """
UPDATE codes_fact f SET superseded = placed.place > 1
FROM (
    SELECT id, row_number() OVER (PARTITION BY origin, source_id, provider_id, record_id
                                  ORDER BY recorded_at DESC, received_at DESC, version DESC) AS place
    FROM codes_fact
) placed
WHERE placed.id = f.id AND f.superseded <> (placed.place > 1)
"""


class Migration(migrations.Migration):
    dependencies = [("codes", "0014_version_2_keys")]

    operations = [migrations.RunSQL(MARK_THE_LATEST, migrations.RunSQL.noop)]
