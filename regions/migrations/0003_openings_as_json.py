import json
import tomllib

from django.db import migrations, models

from regions.keys.encryption import encrypt_for_installation, decrypt_for_installation

USE = "installation city file"
# Faults were kept as English sentences; those stay what they are.
KEPT_AS_WRITTEN = "as_written"


def read_what_stands(apps, schema_editor):
    """TOML becomes what it says; a fault's sentence becomes the parameter of the code for what was kept as a sentence."""
    openings = apps.get_model("regions", "CityOpening").objects
    for opening in openings.filter(content__isnull=False):
        kept = json.loads(decrypt_for_installation(bytes(opening.content), use=USE))
        if isinstance(kept["city"], str):
            try:
                read = {
                    "city": tomllib.loads(kept["city"]),
                    "rules": {name: tomllib.loads(text) for name, text in kept["rules"].items()},
                }
            except tomllib.TOMLDecodeError:
                # Faulty files are refused where they are read; an empty one is.
                read = {"city": {}, "rules": {}}
            opening.content = encrypt_for_installation(json.dumps(read, default=str).encode(), use=USE)
            opening.save(update_fields=["content"])
    for opening in openings.exclude(faults=[]):
        opening.faults = [
            [fault[0], KEPT_AS_WRITTEN, {"sentence": fault[1]}] if len(fault) == 2 else fault
            for fault in opening.faults
        ]
        opening.save(update_fields=["faults"])


class Migration(migrations.Migration):

    dependencies = [
        ('regions', '0002_operator'),
    ]

    operations = [
        migrations.AlterField(
            model_name='cityopening',
            name='faults',
            field=models.JSONField(default=list, help_text='key, code and parameters of each'),
        ),
        migrations.RunPython(read_what_stands, migrations.RunPython.noop),
    ]
