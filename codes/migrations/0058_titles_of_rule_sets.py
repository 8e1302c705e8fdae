"""Rule sets have titles, for people; the next opening of the city takes them from its file."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codes", "0057_explained_by_days")]

    operations = [
        migrations.AddField(model_name="ruleset", name=name, field=models.TextField(blank=True, db_default="", default=""))
        for name in ("title_zh", "title_en")
    ]
