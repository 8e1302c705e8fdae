"""Exports in the background: written once, state shown truly, finished after a worker died, deleted when expired."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from pytest_django import Settings

from codes.models import ExportJob
from codes.reports import export as exporting
from codes.reports import jobs
from codes.reports.export import FileFormat
from codes.reports.formats import Row
from codes.reports.jobs import (
    KEPT,
    ask_for_export,
    exports_folder,
    fetch_export,
    progress,
    sweep_exports,
    write_export,
)
from codes.reports.manifest import check
from codes.reports.request import CannotExport, ReportName, ReportRequest
from regions.city_files import LEFT_BEHIND
from regions.journal.models import JournalEntry
from regions.leased_jobs import MAX_ATTEMPTS, TELL_EVERY
from regions.models import City
from regions.tenancy import in_city, second_connection

CODES = ReportRequest(ReportName.SOURCES)


@pytest.fixture
def city(bare_city: City, settings: Settings, tmp_path: Path) -> City:
    settings.MEDIA_ROOT = tmp_path / "media"
    return bare_city


def stop(*_given: object, **_more: object) -> None:
    raise SystemExit


def asked(now: datetime) -> ExportJob:
    return ask_for_export(CODES, file_format=FileFormat.CSV, by="system", now=now)


def test_an_export_is_written_once_and_can_be_checked(city: City, now: datetime) -> None:
    job = asked(now)
    assert sweep_exports(now=now) == [job.pk]
    assert write_export(job.pk, clock=lambda: now)
    assert not write_export(job.pk, clock=lambda: now)
    job.refresh_from_db()
    assert (job.state, job.rows_done, job.rows_total) == ("done", 0, 0)
    assert check(fetch_export(job, by="system", now=now))["made_by"] == "system"
    assert sweep_exports(now=now) == []
    verbs = list(JournalEntry.objects.order_by("-seq").values_list("verb", flat=True)[:3])
    assert verbs == ["export.fetched", "export.made", "export.asked"]


def test_a_killed_worker_s_export_is_taken_over(city: City, now: datetime) -> None:
    job = asked(now)
    ExportJob.objects.filter(pk=job.pk).update(state="writing", fence=1, attempts=1, lease_until=now + settings.LEASE)
    assert sweep_exports(now=now) == []
    later = now + settings.LEASE + timedelta(seconds=1)
    assert sweep_exports(now=later) == [job.pk]
    assert write_export(job.pk, clock=lambda: later)
    assert ExportJob.objects.get().fence == 2


def test_a_worker_that_wakes_late_changes_nothing(city: City, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    job = asked(now)

    def overtaken(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
        path.write_text("late")
        ExportJob.objects.filter(pk=job.pk).update(fence=7)
        return 0

    monkeypatch.setitem(exporting.WRITERS, FileFormat.CSV, overtaken)
    assert not write_export(job.pk, clock=lambda: now)
    assert ExportJob.objects.get().state == "writing"
    assert list(exports_folder().iterdir()) == []


def test_what_kills_every_worker_is_told_as_failed(city: City, now: datetime) -> None:
    job = asked(now)
    ExportJob.objects.filter(pk=job.pk).update(state="writing", attempts=MAX_ATTEMPTS, lease_until=now)
    assert sweep_exports(now=now + timedelta(seconds=1)) == []
    job.refresh_from_db()
    assert (job.state, "died" in job.message) == ("failed", True)


def test_what_cannot_be_made_says_why_at_once(city: City, now: datetime) -> None:
    request = ReportRequest(ReportName.CODES)
    job = ask_for_export(request, file_format=FileFormat.CSV, by="system", now=now)
    assert not write_export(job.pk, clock=lambda: now)
    job.refresh_from_db()
    assert (job.state, "no run" in job.message) == ("failed", True)


def test_another_error_leaves_it_for_the_next_worker(
    city: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
        raise ZeroDivisionError

    job = asked(now)
    monkeypatch.setitem(exporting.WRITERS, FileFormat.CSV, break_down)
    for state in ["waiting", "waiting", "failed"]:
        with pytest.raises(ZeroDivisionError):
            write_export(job.pk, clock=lambda: now)
        job.refresh_from_db()
        assert job.state == state


def test_files_do_not_outlive_their_time(city: City, now: datetime) -> None:
    job = asked(now)
    write_export(job.pk, clock=lambda: now)
    sweep_exports(now=now + KEPT)
    job.refresh_from_db()
    assert job.state == "expired"
    assert list(exports_folder().iterdir()) == []
    with pytest.raises(CannotExport):
        fetch_export(job, by="system", now=now)


def test_a_worker_that_dies_while_it_removes_files_leaves_none(
    city: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = asked(now)
    write_export(job.pk, clock=lambda: now)
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "record", stop)
        with pytest.raises(SystemExit):
            sweep_exports(now=now + KEPT)
    assert list(exports_folder().iterdir()) == []
    sweep_exports(now=now + KEPT)
    job.refresh_from_db()
    assert job.state == "expired"


def test_a_file_that_another_worker_removes_stops_no_sweep(
    city: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = exports_folder()
    dangling, left = folder / "dangling", folder / "left-1.csv"
    dangling.symlink_to(folder / "gone")
    left.write_text("names")
    for path in (dangling, left):
        os.utime(path, (now.timestamp(), now.timestamp()), follow_symlinks=False)
    listed = [folder / ".export-gone", *folder.iterdir()]
    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", lambda _self: iter(listed))
        sweep_exports(now=now + LEFT_BEHIND + timedelta(seconds=1))
    assert list(folder.iterdir()) == []


def test_files_that_no_row_refers_to_are_removed_after_a_day(city: City, now: datetime) -> None:
    """As a worker leaves them that is killed before the job is marked as done."""
    job = asked(now)
    write_export(job.pk, clock=lambda: now)
    kept = set(exports_folder().iterdir())
    assert len(kept) == 2
    left = exports_folder() / "left-1.csv", exports_folder() / ".export-left" / "draft.csv"
    left[1].parent.mkdir()
    for path in left:
        path.write_text("names")
    for path in (*kept, *left, left[1].parent):
        os.utime(path, (now.timestamp(), now.timestamp()))
    sweep_exports(now=now + LEFT_BEHIND)
    assert left[0].exists()
    sweep_exports(now=now + LEFT_BEHIND + timedelta(seconds=1))
    assert set(exports_folder().iterdir()) == kept


@pytest.mark.django_db(transaction=True)
def test_how_far_it_is_can_be_seen_while_the_rows_are_read(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ROWS_BETWEEN_LOOKS", 1)
    with in_city("beta"):
        asked(now)
        ExportJob.objects.update(state="writing", fence=1)
        job = ExportJob.objects.get()
        with second_connection() as beside, transaction.atomic():
            told = progress(job, beside, lambda: now)
            told.told_at = now - TELL_EVERY
            rows = told.watch(iter([("a",), ("b",)]))
            next(rows)
            job.refresh_from_db()
        assert job.rows_done == 1


@pytest.mark.parametrize(
    "wrong", [{"state": "done"}, {"state": "lost"}, {"state": "failed"}, {"identified": True}, {"asked_by": ""}]
)
def test_the_database_refuses_half_truths(city: City, now: datetime, wrong: dict[str, object]) -> None:
    job = asked(now)
    with pytest.raises(IntegrityError), transaction.atomic():
        ExportJob.objects.filter(pk=job.pk).update(**wrong)
