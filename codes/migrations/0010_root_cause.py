from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("codes", "0009_rehearsal_attempts")]

    operations = [migrations.RenameField("pairdiagnosis", "guilty", "root_cause")]
