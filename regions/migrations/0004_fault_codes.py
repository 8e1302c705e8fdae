from django.db import migrations, models
from django.db.models import Q

# Failures were kept as English sentences; those stay what they are, as the parameter of the code for any error.
KEEP_SENTENCE = "UPDATE {} SET params = jsonb_build_object('error', fault), fault = 'error' WHERE fault <> ''"


class Migration(migrations.Migration):
    dependencies = [("regions", "0003_openings_as_json")]

    operations = [
        migrations.RemoveConstraint("cityopening", "failed_opening_says_why"),
        migrations.RenameField("cityopening", "message", "fault"),
        migrations.AlterField("cityopening", "fault", models.TextField(blank=True, help_text="the code of why it failed")),
        migrations.AddField("cityopening", "params", models.JSONField(default=dict, help_text="what the sentence of the code names")),
        migrations.RunSQL(KEEP_SENTENCE.format("regions_cityopening"), migrations.RunSQL.noop),
        migrations.AddConstraint("cityopening", models.CheckConstraint(condition=~Q(state="failed") | ~Q(fault=""), name="failed_opening_says_why")),
    ]
