"""``manage.py publish_keys``: write the list of keys with which checkpoints verify a city's passes."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.passes.issuing import signed_key_list
from codes.passes.key_list import read_list
from portal.commands import CityCommand


class Command(CityCommand):
    help = "Writes the signed list of the city's public keys, those retired too, as JSON for verify_pass and for gates."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")

    def handle_city(self, *, output: Path | None, **_: Any) -> None:
        text = signed_key_list(now=timezone.now())
        if output is None:
            self.stdout.write(text, ending="")
            return
        output.write_text(text, encoding="utf-8")
        published = read_list(text)
        self.stdout.write(
            f"Wrote {len(published.keys)} keys of {self.city.schema_name} to {output}, signed by {published.signed_by.hex()}."
        )
