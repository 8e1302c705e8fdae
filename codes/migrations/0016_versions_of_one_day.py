from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("codes", "0015_latest_version")]

    operations = [migrations.RemoveConstraint("rulesetversion", "one_version_starts_on_a_day")]
