"""A ruling or suppression that two people end early says why by a reason from a list, which its citizen reads.

Those that ended, or whose end was proposed, before this or by workers of the release before have none.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codes", "0060_told_on_a_node")]

    operations = [
        migrations.AddField(
            model,
            "end_code",
            models.TextField(blank=True, db_default="", default="", help_text="why it ends early, from a list"),
        )
        for model in ("ruling", "suppression", "bulksuppression")
    ]
