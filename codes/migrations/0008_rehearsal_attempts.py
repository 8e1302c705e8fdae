from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('codes', '0007_diagnosis_statistics'),
    ]

    operations = [
        migrations.AddField(
            model_name='draftrehearsal',
            name='attempts',
            field=models.IntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='run',
            name='fence',
            field=models.IntegerField(default=0),
        ),
    ]
