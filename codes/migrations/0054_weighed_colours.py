from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('codes', '0053_prepared_diagnoses'),
    ]

    operations = [
        migrations.AddField(
            model_name='ruling',
            name='weighed_colours',
            field=models.JSONField(help_text='which colour the rule of each gave; none of a ruling of an earlier release', null=True),
        ),
    ]
