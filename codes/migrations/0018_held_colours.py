from django.db import migrations, models
from django.db.models import Q

# Rows that exist stay what they are: no code of theirs was held, and no run of theirs counted held colours.
COLOURS = ["red", "yellow", "green", "unknown"]
BECAUSE = ["ruling", "agreement", "policy", "held", "unknown"]


class Migration(migrations.Migration):
    dependencies = [("codes", "0017_held_groups")]

    operations = [
        migrations.AddField("runprovider", "held_red", models.BigIntegerField(null=True)),
        migrations.AddField("runprovider", "held_yellow", models.BigIntegerField(null=True)),
        migrations.RemoveConstraint("effectivecode", "effective_code_is_known"),
        migrations.AddConstraint(
            "effectivecode",
            models.CheckConstraint(
                condition=Q(colour__in=COLOURS, because__in=BECAUSE), name="effective_code_is_known"
            ),
        ),
        migrations.AddConstraint(
            "effectivecode",
            models.CheckConstraint(
                condition=~Q(because="held") | Q(colour__in=["red", "yellow"]), name="held_code_is_red_or_yellow"
            ),
        ),
        migrations.RemoveConstraint("effectivechange", "effective_change_is_known"),
        migrations.AddConstraint(
            "effectivechange",
            models.CheckConstraint(
                condition=Q(
                    before__in=COLOURS, after__in=COLOURS, before_because__in=BECAUSE, after_because__in=BECAUSE
                ),
                name="effective_change_is_known",
            ),
        ),
    ]
