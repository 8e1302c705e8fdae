"""Run the daily job of two small cities, and export all reports of them."""

from datetime import timedelta
from pathlib import Path

from codes.models import Partition, Run
from codes.reports.export import FileFormat, export_report
from codes.reports.request import OF_SETTLED_DAYS, ReportName, ReportRequest
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.tenancy import in_city
from tests.faults.cities import Size, scene_of

Exported = dict[tuple[str, ReportName], list[str]]
"""(city, report) → the lines of the export."""

SIZES = {"north": Size(1, 80, 40), "middle": Size(10, 60, 40)}


def run_day(schema: str, *, after: int = 0) -> Run:
    """Do the run of the city's first day, or of a day ``after`` it, with collection. Call it inside the city."""
    scene = scene_of(SIZES[schema])
    later = timedelta(days=after)
    as_of = scene.as_of + later
    run, opened = start_run(by="system", now=as_of, day=scene.day + later, as_of=as_of, collects=True)
    assert opened
    return run_here(run.pk, clock=lambda: as_of, progress=lambda _: None)


def assert_settled(run: Run) -> None:
    """Assert that the run has settled and judged everybody. The sources' data may be too old by then."""
    assert run == Run.objects.last_settled()
    assert set(run.partitions.values_list("state", flat=True)) <= {Partition.State.DONE}


def two_days(folder: Path) -> Exported:
    """Do the runs of both cities' first two days. Return all exports after them."""
    told: Exported = {}
    for schema, size in SIZES.items():
        scene = scene_of(size)
        now, days = scene.as_of + timedelta(days=2), (scene.day, scene.day + timedelta(days=1))
        with in_city(schema):
            for after in range(2):
                assert run_day(schema, after=after).state == Run.State.DONE
            for report in ReportName:
                file = folder / f"{schema}-{report}.jsonl"
                request = ReportRequest(report, *days) if report in OF_SETTLED_DAYS else ReportRequest(report)
                export_report(request, file=file, file_format=FileFormat.JSONL, by="operator:tests", now=now)
                told[schema, report] = file.read_text(encoding="utf-8").splitlines()
    return told
