"""Which city of the installation a neighbour is, so that its journal's name for it can be shown as a name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codes", "0054_weighed_colours")]
    operations = [
        migrations.AddField(
            model_name="neighbour",
            name="schema_name",
            field=models.TextField(
                blank=True, db_default="", default="", help_text="of a city of this installation; empty for others"
            ),
        ),
    ]
