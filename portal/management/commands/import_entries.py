"""``manage.py import_entries --city S FILE``: take a provider's lines."""

from collections import Counter
from json import dumps
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.intake.entries import take_lines
from codes.intake.results import Outcome
from portal.commands import CityCommand, CommandFailed


class Command(CityCommand):
    help = "Takes declarations and check-ins, one JSON object a line. Each line is accepted or refused by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="NDJSON, UTF-8")
        parser.add_argument("--json", action="store_true", help="tell every line's result as the API does, one a line")

    def handle_city(self, *, file: Path, by: str, json: bool, **_: Any) -> None:
        counts: Counter[Outcome] = Counter()
        try:
            with file.open("rb") as lines:
                for result in take_lines(lines, by=by, now=timezone.now()):
                    counts[result.outcome] += 1
                    if json:
                        self.stdout.write(dumps(result.as_json(), ensure_ascii=False))
                    elif result.left_out:
                        self.stdout.write(f"line {result.number}: accepted without {', '.join(result.left_out)}")
                    elif result.refusal is not None:
                        self.stdout.write(f"line {result.number}: {result.refusal.reason}: {result.refusal}")
        except OSError as error:
            raise CommandFailed(f"{file}: {error.strerror}", code=2) from error
        if json:
            self.stdout.write(dumps({outcome.value: counts[outcome] for outcome in Outcome}))
        else:
            self.stdout.write(", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome))
        if counts[Outcome.REFUSED]:
            raise CommandFailed(f"{counts[Outcome.REFUSED]} lines were refused; the others are in.", code=4)
