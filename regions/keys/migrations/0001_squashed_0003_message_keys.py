"""The keys, in one step: what migrations 0001 to 0003 make of an empty schema. One that has some of them goes on with them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("keys", "0001_initial"),
        ("keys", "0002_compromised_keys"),
        ("keys", "0003_message_keys"),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='CityKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.TextField(choices=[('data', 'encrypts ID numbers, phones and credentials'), ('lookup', 'hashes ID numbers and phones so that they can be found'), ('journal', 'signs journal checkpoints'), ('export', 'signs export manifests'), ('pass', 'signs passes'), ('message', 'signs messages to other cities and to receivers of webhooks')])),
                ('wrapped', models.BinaryField(help_text='AES-GCM under the key-encryption key')),
                ('public_key', models.BinaryField(null=True)),
                ('created_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(help_text='no longer used for new work; still opens and verifies the old', null=True)),
                ('compromised_at', models.DateTimeField(help_text='when it became known that somebody else holds it', null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('retired_at__isnull', True)), fields=('purpose',), name='one_key_in_use_per_purpose'), models.CheckConstraint(condition=models.Q(('compromised_at__isnull', True), ('retired_at__isnull', False), _connector='OR'), name='compromised_key_is_retired'), models.CheckConstraint(condition=models.Q(('purpose__in', ['data', 'lookup', 'journal', 'export', 'pass', 'message'])), name='key_purpose_is_known')],
            },
        ),
    ]
