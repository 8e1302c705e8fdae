"""``manage.py publish_keys``: the list of keys that checkpoints verify a city's passes with."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.passes.issuing import published_keys
from codes.passes.key_list import as_json
from portal.commands import CityCommand


class Command(CityCommand):
    help = "Writes the city's public pass keys, those retired too, as JSON for verify_pass and for checkpoints."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")

    def handle_city(self, *, output: Path | None, **_: Any) -> None:
        keys = published_keys()
        text = as_json(keys, published_at=timezone.now())
        if output is None:
            self.stdout.write(text, ending="")
            return
        output.write_text(text, encoding="utf-8")
        self.stdout.write(f"Wrote {len(keys)} keys of {self.city.schema_name} to {output}.")
