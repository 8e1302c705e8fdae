"""``manage.py import_entries --city S FILE``: take a provider's lines, and write the refused ones to a file for correction."""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from io import TextIOWrapper
from json import dumps
from pathlib import Path
from typing import Any

import defusedcsv.csv
from django.core.management.base import CommandParser
from django.utils import timezone

from codes.intake.entries import take_lines
from codes.intake.results import LineResult, Outcome
from codes.reports.formats import inert
from portal.commands import CityCommand, CommandFailed

COLUMNS = ("row", "entry_id", "field", "reason", "cure", "cure_zh", "line")
MENDED = ".csv"
# Bytes that are not UTF-8 are written as they were.
TEXT: dict[str, str] = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}


class Command(CityCommand):
    is_work = True
    help = "Takes declarations and check-ins, one JSON object a line. Each line is accepted or refused by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="NDJSON, UTF-8; or a .csv of --errors whose lines have been mended")
        parser.add_argument("--json", action="store_true", help="tell every line's result as the API does, one a line")
        parser.add_argument(
            "--errors", type=Path, metavar="OUT.csv", help="write the refused lines there, with what to mend"
        )

    def handle_city(self, *, file: Path, by: str, json: bool, errors: Path | None, **_: Any) -> None:
        counts: Counter[Outcome] = Counter()
        if errors is not None and errors.resolve() == file.resolve():
            raise CommandFailed(f"{errors} is the file that is being read; name another.", code=2)
        try:
            with ExitStack() as stack:
                lines = Remembered(_lines(file))
                note = Refusals(stack.enter_context(errors.open("w", **TEXT))) if errors else None  # type: ignore[call-overload]
                for result in take_lines(lines, by=by, now=timezone.now()):
                    counts[result.outcome] += 1
                    self._print(result, json=json)
                    raw = lines.forget(result.number)
                    if note and result.refusal is not None:
                        note.add(result, raw)
        except OSError as error:
            raise CommandFailed(f"{error.filename or file}: {error.strerror}", code=2) from error
        if json:
            self.stdout.write(dumps({outcome.value: counts[outcome] for outcome in Outcome}))
        else:
            self.stdout.write(", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome))
        if refused := counts[Outcome.REFUSED]:
            were = "line was" if refused == 1 else "lines were"
            raise CommandFailed(f"{refused} {were} refused; the others are in.", code=4)

    def _print(self, result: LineResult, *, json: bool) -> None:
        if json:
            self.stdout.write(dumps(result.as_json(), ensure_ascii=False))
        elif result.left_out:
            self.stdout.write(f"line {result.number}: accepted without {', '.join(result.left_out)}")
        elif result.refusal is not None:
            self.stdout.write(f"line {result.number}: {result.refusal.reason}: {result.refusal}")


class Remembered:
    """Lines, each kept until its result is known."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._kept: dict[int, bytes] = {}

    def __iter__(self) -> Iterator[bytes]:
        for number, line in enumerate(self._lines, start=1):
            if line.strip():
                self._kept[number] = line
            yield line

    def forget(self, number: int) -> bytes:
        return self._kept.pop(number)


class Refusals:
    """The table of refused lines. Its last column is the line, which may be corrected there and imported from the table."""

    def __init__(self, file: TextIOWrapper) -> None:
        file.write("\ufeff")
        self._table = defusedcsv.csv.writer(file)
        self._table.writerow(COLUMNS)

    def add(self, result: LineResult, raw: bytes) -> None:
        content = result.as_json()
        about = (content.get("entry_id", ""), content.get("field", ""), content["reason"])
        line = raw.rstrip(b"\r\n").decode(TEXT["encoding"], TEXT["errors"])
        cells = (*about, content["message"]["en"], content["message"]["zh-hans"])
        self._table.writerow([result.number, *map(inert, cells), _guarded(line)])


def _guarded(line: str) -> str:
    """Return the line, quoted if it is not an object: it could be a formula, which no spreadsheet must run."""
    return line if line.startswith("{") else f"'{line}"


def _lines(file: Path) -> Iterator[bytes]:
    """Yield the lines of the file, or those in the last column of a table of refusals."""
    if file.suffix.lower() != MENDED:
        with file.open("rb") as lines:
            yield from lines
        return
    # A line that is too long is refused as such, and the others are taken.
    csv.field_size_limit(sys.maxsize)
    with file.open(encoding="utf-8-sig", errors=TEXT["errors"], newline="") as table:
        try:
            rows = csv.DictReader(table)
            if COLUMNS[-1] not in (rows.fieldnames or ()):
                raise CommandFailed(f"{file}: no column {COLUMNS[-1]}; save the table with commas.", code=2)
            for row in rows:
                yield (row[COLUMNS[-1]] or "").removeprefix("'").encode(TEXT["encoding"], TEXT["errors"])
        except csv.Error as error:
            raise CommandFailed(f"{file}: {error}.", code=2) from error
