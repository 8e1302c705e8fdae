"""The command for reports: what it refuses, the files it writes, and its journal entries."""

import errno
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db.transaction import TransactionManagementError

from codes.reports import export as exporting
from codes.reports.export import FileFormat
from codes.reports.formats import Row
from codes.reports.manifest import check, manifest_path
from codes.reports.request import ReportName
from codes.reports.rows import stream
from regions.journal.models import JournalEntry
from regions.keys import encryption
from regions.keys.models import Purpose
from regions.models import City
from tests.integration.journal.holding import journal_break
from tests.integration.reports.conftest import Settled
from tests.integration.reports.days import ONE_DAY
from tests.integration.reports.reading import export, manifest_of


def refused(report: str, file: Path, *options: str) -> tuple[int, str]:
    """Exit code and message; nothing may have been written or journalled."""
    entries = JournalEntry.objects.count()
    before = sorted(file.parent.iterdir()) if file.parent.is_dir() else []
    with pytest.raises(CommandError) as ended:
        export(report, file, *options)
    assert JournalEntry.objects.count() == entries
    assert (sorted(file.parent.iterdir()) if file.parent.is_dir() else []) == before
    return ended.value.returncode, str(ended.value)


@pytest.mark.parametrize("report", list(ReportName))
@pytest.mark.parametrize("kind", list(FileFormat))
def test_every_report_is_written_in_every_format_with_a_manifest_that_holds(
    three_days: Settled, out: Path, report: ReportName, kind: FileFormat
) -> None:
    file = export(report, out / f"report.{kind}")
    manifest = check(file)
    assert (manifest["report"], manifest["city"], manifest["format"]) == (report, "beta", kind)
    assert (manifest["made_by"], manifest["identified"]) == ("system", False)
    assert sorted(out.iterdir()) == sorted([file, manifest_path(file)])
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}


def test_the_manifest_is_signed_with_the_citys_key(three_days: Settled, out: Path) -> None:
    file = export("codes", out / "codes.csv")
    key = encryption.public_key(encryption.key_in_use(Purpose.EXPORT))
    assert check(file, public_key=key)["rows"] == len(file.read_text(encoding="utf-8-sig").splitlines()) - 1


def test_an_export_is_journalled(three_days: Settled, out: Path) -> None:
    manifest = manifest_of(export("codes", out / "codes.csv", "--by", "operator:wang"))
    entry = JournalEntry.objects.latest("seq")
    assert (entry.verb, entry.by, entry.subject) == ("export.made", "operator:wang", "export:codes")
    assert entry.data == {key: manifest[key] for key in ("filters", "format", "rows", "sha256")}
    assert journal_break() is None


def test_a_day_without_a_settled_run_is_refused_with_the_days_there_are(three_days: Settled, out: Path) -> None:
    days = [str(run.day) for run in three_days.runs]
    missing = str(three_days.runs[0].day - ONE_DAY)
    code, said = refused("codes", out / "codes.csv", "--day", missing)
    assert code == 2
    assert missing in said
    assert all(day in said for day in days)
    assert refused("disagreements", out / "d.csv", "--to", missing)[0] == 2


def test_a_city_without_a_run_is_told_what_to_do(bare_city: City, out: Path) -> None:
    code, said = refused("codes", out / "codes.csv")
    assert (code, "recompute" in said) == (2, True)


@pytest.mark.parametrize(
    "days",
    [
        ["--day", "2022-03-22", "--from", "2022-03-22"],
        ["--from", "2022-03-23", "--to", "2022-03-22"],
    ],
)
def test_days_that_make_no_sense_are_refused(three_days: Settled, out: Path, days: list[str]) -> None:
    assert refused("cases", out / "cases.csv", *days)[0] == 2


def test_a_place_that_cannot_be_written_is_refused(three_days: Settled, out: Path) -> None:
    assert refused("codes", out / "nowhere" / "codes.csv")[0] == 2
    (out / "taken.csv").mkdir()
    assert refused("codes", out / "taken.csv")[0] == 2


def test_an_unknown_city_is_refused(db: None, out: Path) -> None:
    with pytest.raises(CommandError) as ended:
        export("codes", out / "codes.csv", "--city", "nowhere")
    assert ended.value.returncode == 2


def test_a_full_disk_leaves_the_earlier_export_as_it_was(
    three_days: Settled, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = export("codes", out / "codes.csv")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    monkeypatch.setitem(exporting.WRITERS, FileFormat.CSV, write_until_the_disk_is_full)
    code, said = refused("codes", file)
    assert (code, "No space left" in said) == (2, True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    check(file)


def write_until_the_disk_is_full(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    path.write_text(f"{columns} {next(iter(rows))}")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_fault_of_the_program_leaves_nothing_either(
    three_days: Settled, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
        path.write_text("half")
        raise ZeroDivisionError

    monkeypatch.setitem(exporting.WRITERS, FileFormat.CSV, break_down)
    with pytest.raises(ZeroDivisionError):
        export("codes", out / "codes.csv")
    assert list(out.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_rows_are_not_read_outside_a_transaction() -> None:
    with pytest.raises(TransactionManagementError, match="inside a transaction"):
        next(stream("SELECT 1", {}))
