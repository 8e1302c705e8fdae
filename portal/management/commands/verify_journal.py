"""``manage.py verify_journal --city S [--witness FILE]``: verify the journal's chain."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.witnessing import heads_elsewhere
from portal.commands import CityCommand, CommandFailed
from regions.journal.heads import BadHead, CoSigned
from regions.journal.verify import verify_journal


class Command(CityCommand):
    help = (
        "Walks the city's journal, its signed checkpoints and its co-signed heads, and says where the chain is broken if it is. "
        "Exit 6 broken; 2 an unreadable file of heads."
    )

    signs_checkpoint = False
    reads_ended = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--witness",
            type=Path,
            metavar="FILE",
            help="co-signed heads that somebody has kept (JSON lines of `witness_head --export`): the chain must contain them",
        )

    def look_up(self, schema: str) -> None:
        self.heads = heads_elsewhere(schema)

    def handle_city(self, *, witness: Path | None, **_: Any) -> None:
        given = read_heads(witness, self.city.schema_name) if witness else []
        found = verify_journal(now=timezone.now(), heads=[*self.heads, *given])
        if found.broken_at is not None:
            raise CommandFailed(f"The journal is broken at entry {found.broken_at}: {found.reason}.", code=6)
        self.stdout.write(
            f"The journal holds: {found.entries} entries, {found.checkpoints} signed checkpoints, {found.heads} co-signed heads."
        )
        if found.is_unwitnessed:
            self.stdout.write(
                f"Warning: nobody has co-signed the entries after {found.witnessed} within two days; see docs/operations.md."
            )


def read_heads(path: Path, schema: str) -> list[CoSigned]:
    """Return the city's heads in a file, which may contain those of other cities. Raises ``CommandFailed``."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}", code=2) from error
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{path} cannot be read: it is not UTF-8", code=2) from error
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            one = CoSigned.from_json(json.loads(line))
        except (json.JSONDecodeError, BadHead) as error:
            raise CommandFailed(f"{path}, line {number}: {error}", code=2) from error
        found += [one] if one.head.city == schema else []
    if not found:
        raise CommandFailed(f"{path} holds no head of {schema}.", code=2)
    return found
