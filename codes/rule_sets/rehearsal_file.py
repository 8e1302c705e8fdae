"""The list of a rehearsal as a file: names and numbers masked, for those who decide about the draft."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from codes.reports.export import WRITERS, FileFormat, drafts_beside, journal_export, put_in_place, statement_of
from codes.reports.formats import PERSON, Row
from codes.reports.manifest import manifest_path, signed
from codes.reports.rows import PersonCells
from codes.rule_sets.edition import Edition, canonical_digest
from codes.rule_sets.rehearsal import Change, Rehearsal

__all__ = ["COLUMNS", "FileFormat", "SignedList", "signed_list", "write_changes"]

COLUMNS = ("day", *PERSON, "provider", "before", "after", "rules_before", "rules_after", "disagreement")


REPORT = "rehearsal"


@dataclass
class SignedList:
    """A list in the making: ``write`` it while the rehearsal runs. ``manifest`` is there once it is signed and in its place."""

    draft: Path
    file_format: FileFormat
    rows: int = 0
    filters: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)

    def write(self, changes: Iterable[Change], tried: Rehearsal, edition: Edition) -> None:
        """Write a row for each change."""
        self.rows = WRITERS[self.file_format](self.draft, COLUMNS, _rows(changes, tried.day))
        self.filters = {
            "day": tried.day.isoformat(),
            "run": tried.run.pk,
            "as_of": tried.run.as_of.isoformat(),
            "rule_set": edition.code,
            "version": edition.version,
            "digest": canonical_digest(edition),
        }


@contextmanager
def signed_list(file: Path, file_format: FileFormat, *, by: str, now: datetime) -> Iterator[SignedList]:
    """A list with its manifest and a journal entry, as with every export: whole or not at all.

    Open it around the rehearsal: what is written within that is rolled back, so it is signed after its end. Raises ``CannotExport``.
    """
    with drafts_beside(file) as (draft, draft_manifest):
        written = SignedList(draft, file_format)
        yield written
        statement = statement_of(
            REPORT, COLUMNS, written.filters, draft, file_format, rows=written.rows, by=by, now=now
        )
        written.manifest = signed(statement)
        told = json.dumps(written.manifest, ensure_ascii=False, indent=2)
        draft_manifest.write_text(f"{told}\n", encoding="utf-8")
        with transaction.atomic():
            journal_export(written.manifest, by=by, now=now)
        put_in_place({draft: file, draft_manifest: manifest_path(file)})


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
