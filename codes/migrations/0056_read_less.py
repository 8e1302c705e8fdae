"""A day reads less: what can hold somebody, and where they have been, is found without their tests, which are most of what is known of
them; and a table is analysed by a tenth of the rows.

For a run only the sizes of tables and the commonest values matter, and sampling cost it more than planning by them saved. Autovacuum
goes on taking the server's own number of rows.
"""

from django.db import migrations, models

# Cities are made by repeating these statements, so that none may name a schema by itself.
SAMPLE_LESS = """
DO $sample$
BEGIN
    EXECUTE pg_catalog.format('ALTER FUNCTION %1$I.refresh_statistics(pg_catalog.text[]) SET default_statistics_target = 10',
                              pg_catalog.current_schema());
END
$sample$
"""
SAMPLE_AS_BEFORE = SAMPLE_LESS.replace("SET default_statistics_target = 10", "RESET default_statistics_target")


class Migration(migrations.Migration):
    dependencies = [("codes", "0055_schemas_of_neighbours")]

    operations = [
        migrations.RunSQL(SAMPLE_LESS, SAMPLE_AS_BEFORE),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                condition=models.Q(("kind", "negative_test"), _negated=True),
                fields=["citizen", "started_on"],
                name="facts_but_tests_by_day",
            ),
        ),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                condition=models.Q(("area__isnull", False)), fields=["citizen", "area"], name="areas_of_citizen"
            ),
        ),
    ]
