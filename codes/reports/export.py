"""Write a report to a file with its manifest, completely or not at all, and never without a journal entry."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from errno import ENOSPC
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from django.db import transaction

from codes.models import ExportFault, IdentifiedExport
from codes.reports.catalogue import open_report
from codes.reports.formats import Row, write_csv, write_jsonl, write_xlsx
from codes.reports.manifest import digest_of, manifest_path, signed
from codes.reports.request import CannotExport, ReportRequest, check_asker, note_access
from regions.journal.record import record
from regions.tenancy import current_city


class FileFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self]


CONTENT_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.JSONL: "application/x-ndjson",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


Writer = Callable[[Path, Sequence[str], Iterator[Row]], int]
WRITERS: dict[FileFormat, Writer] = {
    FileFormat.CSV: write_csv,
    FileFormat.JSONL: write_jsonl,
    FileFormat.XLSX: write_xlsx,
}


def export_report(
    request: ReportRequest,
    *,
    file: Path,
    file_format: FileFormat,
    by: str,
    now: datetime,
    confirmation: IdentifiedExport | None = None,
    watch: Callable[[Iterator[Row]], Iterator[Row]] = iter,
) -> dict[str, Any]:
    """Write ``file`` and its manifest. Return the manifest. ``watch`` is an iterator over the rows that may count them.

    Raises ``CannotExport``, ``MayNotIdentify`` for identified data without the ``confirmation`` of a second person, and
    ``NotAllowed`` if ``by`` may not export at all.
    """
    check_asker(request, by=by, confirmation=confirmation)
    with drafts_beside(file) as (draft, draft_manifest):
        with transaction.atomic():
            content = open_report(request, now=now)
            rows = WRITERS[file_format](draft, content.columns, watch(content.rows))
        statement = statement_of(
            request.report.value, content.columns, content.filters, draft, file_format, rows=rows, by=by, now=now
        )
        statement["identified"] = request.identified
        if confirmation is not None:
            statement |= {"purpose": confirmation.reason, "confirmed_by": confirmation.decided_by}
        manifest = signed(statement)
        draft_manifest.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        with transaction.atomic():
            journal_export(manifest, by=by, now=now)
            if confirmation is not None and content.person:
                what, purpose = f"export:{request.report}", confirmation.reason
                note_access(content.person.revealed(), what=what, purpose=purpose, by=by, now=now)
        # The journal entry is committed before the file is in place, so that no file exists without one, even after a crash.
        put_in_place({draft: file, draft_manifest: manifest_path(file)})
    return manifest


def statement_of(
    report: str,
    columns: Sequence[str],
    filters: Mapping[str, Any],
    draft: Path,
    file_format: FileFormat,
    *,
    rows: int,
    by: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the content of the manifest, before it is signed, of a file with masked persons."""
    city = current_city()
    return {
        "report": report,
        "city": city.schema_name,
        "filters": filters,
        "columns": list(columns),
        "rows": rows,
        "sha256": digest_of(draft),
        "format": file_format.value,
        "identified": False,
        "made_at": now.astimezone(city.zone).isoformat(),
        "made_by": by,
    }


def journal_export(manifest: Mapping[str, Any], *, by: str, now: datetime) -> None:
    """Record in the journal which file was made and by whom. Call in a transaction."""
    data = {
        key: manifest[key]
        for key in ("filters", "format", "rows", "sha256", "purpose", "confirmed_by")
        if key in manifest
    }
    verb = "export.identified" if manifest["identified"] else "export.made"
    record(verb, by=by, now=now, subject=f"export:{manifest['report']}", data=data)


@contextmanager
def drafts_beside(file: Path) -> Iterator[tuple[Path, Path]]:
    """Yield two draft paths on the file's own disk, in a directory that only this account can read. It is removed at the end."""
    if file.is_dir():
        raise CannotExport(ExportFault.IS_A_DIRECTORY, file=str(file))
    try:
        drafts = Path(mkdtemp(dir=file.parent, prefix=".export-"))
    except OSError as error:
        raise _not_written(file.parent, error) from error
    try:
        yield drafts / "file", drafts / "manifest"
    except OSError as error:
        raise _not_written(file, error) from error
    finally:
        shutil.rmtree(drafts)


def _not_written(file: Path, error: OSError) -> CannotExport:
    if error.errno == ENOSPC:
        return CannotExport(ExportFault.DISK_FULL, file=str(file))
    return CannotExport(ExportFault.NOT_WRITTEN, file=str(file), error=str(error.strerror))


def put_in_place(drafts: Mapping[Path, Path]) -> None:
    """Move each draft to its final name, after all of them have been written to disk."""
    for draft in drafts:
        draft.chmod(0o600)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
    for draft, final in drafts.items():
        draft.replace(final)
