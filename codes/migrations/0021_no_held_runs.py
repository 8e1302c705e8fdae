import django.db.models.deletion
from django.db import migrations, models

# A run that stood held showed nobody anything, and can no longer be released: it has failed, for the reason it was held for.
END_HELD_RUNS = "UPDATE codes_run SET state = 'failed' WHERE state = 'held'"


class Migration(migrations.Migration):
    dependencies = [("codes", "0020_entry_instants")]

    operations = [
        migrations.RunSQL(END_HELD_RUNS, migrations.RunSQL.noop),
        migrations.RemoveConstraint("run", "held_run_is_released_by_two_people"),
        migrations.RemoveConstraint("run", "run_has_ended_when_its_state_says_so"),
        migrations.RemoveField(
            model_name="run",
            name="release_asked_at",
        ),
        migrations.RemoveField(
            model_name="run",
            name="release_asked_by",
        ),
        migrations.RemoveField(
            model_name="run",
            name="released_at",
        ),
        migrations.RemoveField(
            model_name="run",
            name="released_by",
        ),
        migrations.AlterField(
            model_name="run",
            name="state",
            field=models.TextField(
                choices=[
                    ("collecting", "Collecting"),
                    ("evaluating", "Evaluating"),
                    ("settling", "Settling"),
                    ("done", "Done"),
                    ("partial", "Partial"),
                    ("failed", "Failed"),
                    ("mended", "Amended"),
                ],
                default="collecting",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state__in", ["collecting", "evaluating", "settling"])),
                    models.Q(("ended_at__isnull", False), ("state__in", ["done", "partial", "failed", "mended"])),
                    _connector="OR",
                ),
                name="run_has_ended_when_its_state_says_so",
            ),
        ),
        migrations.AlterField(
            model_name="verdictchange",
            name="held_in",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="codes.heldgroup",
            ),
        ),
        migrations.CreateModel(
            name="HeldChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "change",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="kept_back",
                        to="codes.verdictchange",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="codes.heldgroup"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("change", "group"), name="group_keeps_a_change_back_once")
                ],
            },
        ),
    ]
