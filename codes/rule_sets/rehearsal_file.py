"""The list of a rehearsal as a file: names and numbers masked, for those who decide about the draft."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path

from codes.reports.content import PERSON, Row
from codes.reports.formats.csv_file import write_csv
from codes.reports.formats.jsonl_file import write_jsonl
from codes.reports.formats.xlsx_file import write_xlsx
from codes.reports.person_cells import PersonCells
from codes.rule_sets.changes import Change

COLUMNS = ("day", *PERSON, "provider", "before", "after", "rules_before", "rules_after", "disagreement")


class FileFormat(StrEnum):
    """The formats the list is written in."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


WRITERS: dict[FileFormat, Callable[[Path, Sequence[str], Iterator[Row]], int]] = {
    FileFormat.CSV: write_csv,
    FileFormat.JSONL: write_jsonl,
    FileFormat.XLSX: write_xlsx,
}


def write_changes(file: Path, file_format: FileFormat, changes: Iterable[Change], *, day: date) -> int:
    """Write one row for each change; how many there are. The file is there only when it is whole."""
    draft = file.with_name(f".{file.name}.part")
    try:
        rows = WRITERS[file_format](draft, COLUMNS, _rows(changes, day))
        draft.chmod(0o600)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return rows


def _rows(changes: Iterable[Change], day: date) -> Iterator[Row]:
    person = PersonCells(identified=False)
    for one in changes:
        yield (
            day.isoformat(),
            *person.of(one.citizen_id, one.ref, one.id_encrypted, one.full_name),
            one.provider,
            one.before,
            one.after,
            one.rules_before,
            one.rules_after,
            one.disagreement,
        )
