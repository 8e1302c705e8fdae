"""A diagnosis' pieces are left out of the planner's statistics: nothing is planned by them, and a run analyses their table."""

from django.db import migrations

UNPLANNED = """
ALTER TABLE codes_pairdiagnosis ALTER COLUMN guilty SET STATISTICS 0, ALTER COLUMN swaps_a_to_b SET STATISTICS 0,
                                ALTER COLUMN swaps_b_to_a SET STATISTICS 0
"""


class Migration(migrations.Migration):
    dependencies = [("codes", "0006_rule_set_drafts")]

    operations = [migrations.RunSQL(UNPLANNED, migrations.RunSQL.noop)]
