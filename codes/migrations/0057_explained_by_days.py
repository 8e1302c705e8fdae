"""Whose explanation can be another by days alone is kept with it; empty until the next run, which explains everybody's again."""

from django.db import migrations, models

NEXT_ON = models.DateField(help_text="the first day on which days alone can give another explanation", null=True)


class Migration(migrations.Migration):
    dependencies = [("codes", "0056_read_less")]

    operations = [
        migrations.AddField(model_name=name, name="next_on", field=NEXT_ON)
        for name in ("pairdiagnosis", "prepareddiagnosis")
    ]
