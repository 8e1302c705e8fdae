"""Days of release that move with every day that is missed are stored as a number of healthy days in a row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codes", "0061_why_it_ends_early")]

    operations = [
        *(
            migrations.AddField(model, "healthy_days", models.SmallIntegerField(null=True))
            for model in ("verdict", "verdictchange")
        ),
        migrations.AddField("nextchange", "has_streak", models.BooleanField(null=True)),
    ]
