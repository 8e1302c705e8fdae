"""Exports as background jobs: requested by a person and written by one worker at a time.

Files are stored outside the web root and are removed when they expire.
"""

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import TextChoices

from codes.models import ExportFault, ExportJob, IdentifiedExport
from codes.reports.daily_codes import IS_TOLD
from codes.reports.daily_disagreements import IS_KEPT, IS_STANDING
from codes.reports.export import FileFormat, export_report
from codes.reports.manifest import manifest_path
from codes.reports.request import (
    MAY_IDENTIFY,
    OF_SETTLED_DAYS,
    CannotExport,
    MayNotIdentify,
    ReportName,
    ReportRequest,
    bounds,
    check_asker,
    request_of,
    span,
)
from codes.reports.rows import settled_runs
from regions.actors import PROVIDER_PREFIX, SYSTEM
from regions.attempts import attempt
from regions.city_files import city_folder, remove_left_files
from regions.journal.record import record
from regions.leased_jobs import DIED, Clock, Progress, claim_job, error_fault, sweep
from regions.locks import advisory_lock
from regions.proposals import require_role_or_operator
from regions.refusals import NotAllowed
from regions.tenancy import current_city, second_connection

OF_A_RUN = {
    ReportName.CODES: f"""
SELECT count(*) FROM codes_registration r JOIN codes_provider provider ON provider.id = r.provider_id WHERE {IS_TOLD}
""",  # noqa: S608 - the report's own condition
    ReportName.DISAGREEMENTS: f"""
SELECT count(*) FROM codes_disagreement d
JOIN codes_run opened ON opened.id = d.opened_run_id
LEFT JOIN codes_run closed ON closed.id = d.closed_run_id
WHERE CASE WHEN %(kept)s THEN {IS_KEPT} ELSE {IS_STANDING} END
""",  # noqa: S608 - the report's own conditions
}
OF_A_SPAN = {
    ReportName.CASES: f"SELECT count(*) FROM codes_case WHERE {span('opened_at')}",  # noqa: S608 - constants
    ReportName.APPEALS: f"SELECT count(*) FROM codes_case WHERE kind = 'appeal' AND {span('opened_at')}",  # noqa: S608
    ReportName.JOURNAL: f"SELECT count(*) FROM journal_journalentry WHERE {span('at')}",  # noqa: S608
    ReportName.SOURCES: f"SELECT count(*) FROM sources_batch WHERE {span('started_at')}",  # noqa: S608
}


def expected_rows(request: ReportRequest) -> int | None:
    """Return the expected number of rows, or ``None`` if it is not known in advance.

    Raises ``CannotExport`` if there is no settled day.
    """
    if request.only or request.report is ReportName.WORK:
        return None
    if request.report in OF_SETTLED_DAYS:
        runs = settled_runs(first=request.first, last=request.last)
        return sum(_count(OF_A_RUN[request.report], {"run": run.pk, "kept": run.history}) for run in runs)
    return _count(OF_A_SPAN[request.report], bounds(request.first, request.last, zone=current_city().zone))


def _count(statement: str, parameters: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.fetchone()[0])


KEPT = timedelta(days=7)
KEPT_IDENTIFIED = timedelta(days=1)
NAME_BYTES = 12
ROWS_BETWEEN_LOOKS = 500
# The most exports of one provider that are waiting, being written or kept, so that a looping program cannot fill the disk.
MOST_OF_A_PROVIDER = 20


def ask_for_export(
    request: ReportRequest,
    *,
    file_format: FileFormat,
    by: str,
    now: datetime,
    confirmation: IdentifiedExport | None = None,
) -> ExportJob:
    """Queue an export. Raises ``MayNotIdentify`` and ``NotAllowed`` as ``export_report`` would.

    Raises ``CannotExport`` for a provider that has too many exports already.
    """
    check_asker(request, by=by, confirmation=confirmation)
    with transaction.atomic():
        if by.startswith(PROVIDER_PREFIX):
            advisory_lock(f"exports of {by}")
            standing = [ExportJob.State.WAITING, ExportJob.State.WRITING, ExportJob.State.DONE]
            if ExportJob.objects.filter(asked_by=by, state__in=standing).count() >= MOST_OF_A_PROVIDER:
                raise CannotExport(ExportFault.TOO_MANY, most=MOST_OF_A_PROVIDER)
        job = ExportJob.objects.create(
            name=secrets.token_hex(NAME_BYTES),
            report=request.report.value,
            file_format=file_format.value,
            first=request.first,
            last=request.last,
            only=dict(request.only),
            identified=request.identified,
            confirmation=confirmation,
            purpose=confirmation.reason if confirmation else "",
            asked_by=by,
            asked_at=now,
        )
        data = {"format": job.file_format, "identified": job.identified, **job.only}
        record("export.asked", by=by, now=now, subject=f"export:{job.report}", data=data)
    return job


def write_export(job_id: int, *, clock: Clock) -> bool:
    """Write the job's file unless it has ended or another worker has claimed it. Return whether this call finished it."""
    job = claim_job(ExportJob.objects.filter(pk=job_id), now=clock(), rows_done=0)
    if job is None:
        return False
    with attempt(job, lambda error: _failed(job, error, now=clock()), clock=clock):
        try:
            return _write(job, clock=clock)
        except (CannotExport, NotAllowed, MayNotIdentify) as refusal:
            _end_badly(job, refusal.reason, refusal.params, now=clock())
            return False


def fetch_export(job: ExportJob, *, by: str, now: datetime, manifest: bool = False) -> Path:
    """Return the path of the file, or of its manifest, and record in the journal that it was fetched.

    Raises ``CannotExport`` if the file has expired.
    """
    if not (by.startswith(PROVIDER_PREFIX) and job.asked_by == by):
        require_role_or_operator(by, *MAY_IDENTIFY)
    if job.state != ExportJob.State.DONE or job.expires_at is None or job.expires_at <= now:
        raise CannotExport(ExportFault.GONE)
    with transaction.atomic():
        data = {"sha256": (job.manifest or {}).get("sha256"), "manifest": manifest, "identified": job.identified}
        record("export.fetched", by=by, now=now, subject=f"export:{job.report}", data=data)
    file = exports_folder() / job.file
    return manifest_path(file) if manifest else file


def sweep_exports(*, now: datetime) -> list[int]:
    """Remove expired files, end jobs whose workers died too often as failed, and return the ids of jobs that a worker can claim."""
    _remove_expired(now=now)
    remove_left_files(exports_folder(), referred=_files_kept, now=now)
    return sweep(ExportJob.objects.all(), now=now, give_up=lambda job: _end_badly(job, *DIED, now=now))


def exports_folder() -> Path:
    return city_folder("exports")


def _write(job: ExportJob, *, clock: Clock) -> bool:
    request = request_of(job)
    job.mine().update(rows_total=expected_rows(request))
    file = exports_folder() / f"{job.name}-{job.fence}.{job.file_format}"
    with second_connection() as second:
        manifest = export_report(
            request,
            file=file,
            file_format=FileFormat(job.file_format),
            by=job.asked_by,
            now=clock(),
            confirmation=job.confirmation,
            watch=progress(job, second, clock).watch,
        )
    ended = clock()
    finished = job.leave(
        ExportJob.State.DONE,
        rows_done=manifest["rows"],
        rows_total=manifest["rows"],
        file=file.name,
        size=file.stat().st_size,
        manifest=manifest,
        ended_at=ended,
        expires_at=ended + (KEPT_IDENTIFIED if job.identified else KEPT),
    )
    if not finished:  # another worker has taken over the job and writes its own file
        _remove(file)
    return finished


def progress(job: ExportJob, connection: Any, clock: Clock) -> Progress:
    """Return the counter of rows read. It is stored over a second connection, outside the transaction that reads the rows."""
    return Progress(job, connection, clock, clock(), "rows_done", ROWS_BETWEEN_LOOKS)


def _failed(job: ExportJob, error: Exception, *, now: datetime) -> None:
    if not job.give_back():
        _end_badly(job, *error_fault(error), now=now)


def _end_badly(job: ExportJob, fault: TextChoices, params: Mapping[str, Any], *, now: datetime) -> None:
    with transaction.atomic():
        if job.leave(ExportJob.State.FAILED, ended_at=now, fault=fault.value, params=params):
            record("export.failed", by=SYSTEM, now=now, subject=f"export:{job.report}", data={"asked_by": job.asked_by})


def _remove_expired(*, now: datetime) -> None:
    """Remove the files first: a worker that dies in between leaves no file, and the next one records it."""
    for job in ExportJob.objects.filter(state=ExportJob.State.DONE, expires_at__lte=now).order_by("pk"):
        _remove(exports_folder() / job.file)
        with transaction.atomic():
            if ExportJob.TRANSITIONS.move(ExportJob.objects.filter(pk=job.pk), "expire"):
                record("export.removed", by=SYSTEM, now=now, subject=f"export:{job.report}")


def _files_kept() -> Iterator[str]:
    for name in ExportJob.objects.filter(state=ExportJob.State.DONE).values_list("file", flat=True):
        yield name
        yield manifest_path(Path(name)).name


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    manifest_path(file).unlink(missing_ok=True)
