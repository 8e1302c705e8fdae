"""Exports in the background: asked for by a person, written by one worker at a time, finished or told as failed.

The row is the truth and the broker a bell, as with runs: a worker claims the job by lease and fence, tells how far it is, and
one that wakes late finds its fence taken. Files lie outside the web root and are removed when their time is over.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from codes.models import ExportJob
from codes.reports.content import Row
from codes.reports.expected import expected_rows
from codes.reports.export import FileFormat, export_report
from codes.reports.identifying import NotAllowed, checked_purpose, require_right
from codes.reports.manifest import manifest_path
from codes.reports.request import CannotExport, ReportName, ReportRequest
from regions.journal.record import record
from regions.tenancy import current_city, second_connection

Clock = Callable[[], datetime]

# Longer than packing the largest spreadsheet takes after its last row was told.
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 3
KEPT = timedelta(days=7)
KEPT_IDENTIFIED = timedelta(days=1)
LEFT_BEHIND = timedelta(days=1)
NAME_BYTES = 12
ROWS_BETWEEN_LOOKS = 500
TELL_EVERY = timedelta(seconds=1)

TELL = """
UPDATE codes_exportjob SET rows_done = %(rows)s, lease_until = %(lease)s
WHERE id = %(job)s AND fence = %(fence)s AND state = 'writing'
"""


def ask_for_export(
    request: ReportRequest, *, file_format: FileFormat, by: str, now: datetime, purpose: str = ""
) -> ExportJob:
    """Put an export down to be written. Raises ``CannotExport`` and ``NotAllowed`` as ``export_report`` would."""
    if request.identified:
        purpose = checked_purpose(purpose)
        require_right(by)
    with transaction.atomic():
        job = ExportJob.objects.create(
            name=secrets.token_hex(NAME_BYTES),
            report=request.report.value,
            file_format=file_format.value,
            first=request.first,
            last=request.last,
            only=dict(request.only),
            identified=request.identified,
            purpose=purpose if request.identified else "",
            asked_by=by,
            asked_at=now,
        )
        told = {"format": job.file_format, "identified": job.identified, **job.only}
        record("export.asked", by=by, now=now, subject=f"export:{job.report}", data=told)
    return job


def write_export(job_id: int, *, clock: Clock) -> bool:
    """Write the job's file unless that is done or in other hands; whether this call finished it."""
    job = _claim(job_id, now=clock())
    if job is None:
        return False
    with Attempt(job, clock):
        return _write(job, clock=clock)
    return False


def fetch_export(job: ExportJob, *, by: str, now: datetime, manifest: bool = False) -> Path:
    """Where the file, or its manifest, lies for handing it out, which is journalled. Raises ``CannotExport`` when it is gone."""
    if job.state != ExportJob.State.DONE or job.expires_at is None or job.expires_at <= now:
        raise CannotExport("the file is not there any more")
    with transaction.atomic():
        told = {"sha256": (job.manifest or {}).get("sha256"), "manifest": manifest, "identified": job.identified}
        record("export.fetched", by=by, now=now, subject=f"export:{job.report}", data=told)
    file = exports_folder() / job.file
    return manifest_path(file) if manifest else file


def sweep_exports(*, now: datetime) -> list[int]:
    """Remove what has outlived its time, give up what killed its workers, and name the jobs that some worker should take."""
    _give_up_dead(now=now)
    _remove_expired(now=now)
    _remove_left_behind(now=now)
    return list(ExportJob.objects.filter(_free(now)).order_by("pk").values_list("pk", flat=True))


def request_of(job: ExportJob) -> ReportRequest:
    """What was asked for."""
    return ReportRequest(ReportName(job.report), job.first, job.last, identified=job.identified, only=job.only)


def exports_folder() -> Path:
    """The city's folder of exports; only the portal's own account may enter it."""
    folder = Path(settings.MEDIA_ROOT) / current_city().schema_name / "exports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Attempt:
    """One worker's attempt. What cannot be made ends the job with its reason; any other error leaves it for the next attempt."""

    job: ExportJob
    clock: Clock

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, CannotExport | NotAllowed):
            _end_badly(self.job, str(error), now=self.clock())
            return True
        if isinstance(error, Exception):
            if self.job.attempts >= MAX_ATTEMPTS:
                _end_badly(self.job, f"{type(error).__name__}: {error}"[:2000], now=self.clock())
            else:
                _mine(self.job).update(state=ExportJob.State.WAITING, lease_until=None)
        return False


@dataclass
class Teller:
    """Says on the job's row how far the rows are, beside the transaction that reads them, and keeps the lease alive."""

    job: ExportJob
    connection: Any
    clock: Clock
    told_at: datetime

    def watch(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The same rows, counted."""
        for count, row in enumerate(rows, start=1):
            if count % ROWS_BETWEEN_LOOKS == 0 and self.clock() - self.told_at >= TELL_EVERY:
                self._tell(count)
            yield row

    def _tell(self, count: int) -> None:
        self.told_at = self.clock()
        values = {"rows": count, "lease": self.told_at + LEASE, "job": self.job.pk, "fence": self.job.fence}
        with self.connection.cursor() as cursor:
            cursor.execute(TELL, values)


def _free(now: datetime) -> Q:
    return Q(state=ExportJob.State.WAITING) | Q(
        state=ExportJob.State.WRITING, lease_until__lt=now, attempts__lt=MAX_ATTEMPTS
    )


def _mine(job: ExportJob) -> Any:
    return ExportJob.objects.filter(pk=job.pk, fence=job.fence, state=ExportJob.State.WRITING)


def _claim(job_id: int, *, now: datetime) -> ExportJob | None:
    with transaction.atomic():
        taken = ExportJob.objects.filter(_free(now), pk=job_id).update(
            state=ExportJob.State.WRITING,
            fence=F("fence") + 1,
            lease_until=now + LEASE,
            attempts=F("attempts") + 1,
            rows_done=0,
        )
        return ExportJob.objects.get(pk=job_id) if taken else None


def _write(job: ExportJob, *, clock: Clock) -> bool:
    request = request_of(job)
    _mine(job).update(rows_total=expected_rows(request))
    file = exports_folder() / f"{job.name}-{job.fence}.{job.file_format}"
    with second_connection() as beside:
        manifest = export_report(
            request,
            file=file,
            file_format=FileFormat(job.file_format),
            by=job.asked_by,
            now=clock(),
            purpose=job.purpose,
            watch=Teller(job, beside, clock, told_at=clock()).watch,
        )
    ended = clock()
    finished = _mine(job).update(
        state=ExportJob.State.DONE,
        lease_until=None,
        rows_done=manifest["rows"],
        rows_total=manifest["rows"],
        file=file.name,
        size=file.stat().st_size,
        manifest=manifest,
        ended_at=ended,
        expires_at=ended + (KEPT_IDENTIFIED if job.identified else KEPT),
    )
    if not finished:  # somebody else has taken it over: theirs is the file
        _remove(file)
    return bool(finished)


def _end_badly(job: ExportJob, message: str, *, now: datetime) -> None:
    with transaction.atomic():
        ended = _mine(job).update(state=ExportJob.State.FAILED, lease_until=None, ended_at=now, message=message)
        if ended:
            record(
                "export.failed", by="system", now=now, subject=f"export:{job.report}", data={"asked_by": job.asked_by}
            )


def _give_up_dead(*, now: datetime) -> None:
    dead = ExportJob.objects.filter(
        state=ExportJob.State.WRITING, lease_until__lt=now, attempts__gte=MAX_ATTEMPTS
    ).order_by("pk")
    for job in dead:
        _end_badly(job, f"its worker died {MAX_ATTEMPTS} times without a message", now=now)


def _remove_expired(*, now: datetime) -> None:
    for job in ExportJob.objects.filter(state=ExportJob.State.DONE, expires_at__lte=now).order_by("pk"):
        with transaction.atomic():
            mine = ExportJob.objects.filter(pk=job.pk, state=ExportJob.State.DONE)
            if mine.update(state=ExportJob.State.EXPIRED):
                record("export.removed", by="system", now=now, subject=f"export:{job.report}")
        _remove(exports_folder() / job.file)


def _remove_left_behind(*, now: datetime) -> None:
    """Drafts of workers that were killed: they may hold names and numbers, and no row knows of them."""
    for path in exports_folder().glob(".export-*"):
        if path.stat().st_mtime < (now - LEFT_BEHIND).timestamp():
            shutil.rmtree(path)


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    manifest_path(file).unlink(missing_ok=True)
