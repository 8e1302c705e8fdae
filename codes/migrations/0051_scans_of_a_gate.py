"""How often a gate has scanned within the minute is looked up by gate, not among all scans of the city's minute."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codes", "0050_what_still_matters")]

    operations = [
        migrations.AddIndex("gatescan", models.Index(fields=["by", "at"], name="scans_of_a_gate")),
    ]
