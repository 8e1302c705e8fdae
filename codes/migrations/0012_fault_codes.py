from django.db import migrations, models
from django.db.models import Q

# Failures were kept as English sentences; those stay what they are, as the parameter of the code for any error.
KEEP_SENTENCE = "UPDATE {} SET params = jsonb_build_object('error', fault), fault = 'error' WHERE fault <> ''"


class Migration(migrations.Migration):
    dependencies = [("codes", "0011_bulk_suppression")]

    operations = [
        migrations.RemoveConstraint("exportjob", "failed_export_says_why"),
        migrations.RemoveConstraint("draftrehearsal", "ended_rehearsal_says_why"),
        migrations.RenameField("exportjob", "message", "fault"),
        migrations.AlterField("exportjob", "fault", models.TextField(blank=True, help_text="the code of why it failed")),
        migrations.AddField("exportjob", "params", models.JSONField(default=dict, help_text="what the sentence of the code names")),
        migrations.RunSQL(KEEP_SENTENCE.format("codes_exportjob"), migrations.RunSQL.noop),
        migrations.RenameField("draftrehearsal", "message", "fault"),
        migrations.AlterField("draftrehearsal", "fault", models.TextField(blank=True, help_text="the code of why it failed")),
        migrations.AddField("draftrehearsal", "params", models.JSONField(default=dict, help_text="what the sentence of the code names")),
        migrations.RunSQL(KEEP_SENTENCE.format("codes_draftrehearsal"), migrations.RunSQL.noop),
        migrations.AddConstraint("exportjob", models.CheckConstraint(condition=~Q(state="failed") | ~Q(fault=""), name="failed_export_says_why")),
        migrations.AddConstraint("draftrehearsal", models.CheckConstraint(condition=~Q(state__in=["impossible", "failed"]) | ~Q(fault="") & Q(ended_at__isnull=False), name="ended_rehearsal_says_why")),
        migrations.AlterField(
            model_name='run',
            name='state',
            field=models.TextField(choices=[('collecting', 'Collecting'), ('evaluating', 'Evaluating'), ('settling', 'Settling'), ('held', 'Held'), ('done', 'Done'), ('partial', 'Partial'), ('failed', 'Failed'), ('mended', 'Amended')], default='collecting'),
        ),
    ]
