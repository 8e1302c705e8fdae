from django.db import migrations, models
from django.db.models import Q

# Failures were kept as English sentences; those stay what they are, as the parameter of the code for any error.
KEEP_SENTENCE = "UPDATE {} SET params = jsonb_build_object('error', fault), fault = 'error' WHERE fault <> ''"
SPLIT_STEP = "UPDATE codes_runerror SET number = substr(step, 11)::int, step = 'partition' WHERE step LIKE 'partition %'"
FAULT = models.TextField(blank=True, help_text="the code of why it failed")
PARAMS = models.JSONField(default=dict, help_text="what the sentence of the code names")


def replaced(model: str, field: str) -> list[migrations.operations.base.Operation]:
    return [
        migrations.RenameField(model, field, "fault"),
        migrations.AlterField(model, "fault", FAULT.clone()),
        migrations.AddField(model, "params", PARAMS.clone()),
        migrations.RunSQL(KEEP_SENTENCE.format(f"codes_{model}"), migrations.RunSQL.noop),
    ]


class Migration(migrations.Migration):
    dependencies = [("codes", "0012_fault_codes")]

    operations = [
        migrations.RemoveConstraint("partition", "parked_partition_says_why"),
        *replaced("run", "message"),
        *replaced("runsource", "message"),
        *replaced("partition", "error"),
        migrations.AddConstraint(
            "partition",
            models.CheckConstraint(condition=~Q(state="parked") | ~Q(fault=""), name="parked_partition_says_why"),
        ),
        migrations.AddField("runerror", "number", models.IntegerField(help_text="of the partition", null=True)),
        migrations.RunSQL(SPLIT_STEP, migrations.RunSQL.noop),
        migrations.AlterField(
            "runerror",
            "step",
            models.TextField(
                choices=[("collecting", "collecting"), ("partition", "partition {number}"), ("settling", "settling")]
            ),
        ),
    ]
