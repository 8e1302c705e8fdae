"""Call the export command, and read the files that it writes in any format."""

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from openpyxl import load_workbook

from codes.models import ExportJob
from codes.reports.export import FileFormat
from codes.reports.identified import confirm, propose
from codes.reports.request import ReportRequest
from regions.staff.roles import Role
from tests.integration.review.desk import hire

Written = list[dict[str, Any]]


def export(report: str, file: Path, *options: str) -> Path:
    """Run ``manage.py export`` for the city ``beta`` in the format of the file's suffix. Return the file."""
    call_command("export", report, "--city", "beta", "--format", file.suffix[1:], "--output", str(file), *options)
    return file


def confirmed_export(request: ReportRequest, *, now: datetime) -> ExportJob:
    """Return the job of an identified export that ``sun`` requested and ``he`` confirmed. A worker has to write it."""
    for username in ("sun", "he"):
        hire(username, Role.AUDITOR, now=now)
    asked = propose(request, file_format=FileFormat.JSONL, purpose="第三季度抽查", by="sun", now=now)
    job: ExportJob = confirm(asked.pk, by="he", now=now).job
    return job


def read(file: Path) -> Written:
    """Return the rows with the types of the format: text for csv, JSON values for jsonl, cell values for xlsx."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    book = load_workbook(file, read_only=True)
    rows: Written = []
    for sheet in book.worksheets:
        heading, *body = sheet.iter_rows(values_only=True)
        rows += [dict(zip(map(str, heading), row, strict=True)) for row in body]
    book.close()
    return rows


def manifest_of(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.with_name(f"{file.name}.manifest.json").read_text(encoding="utf-8"))
    return found
