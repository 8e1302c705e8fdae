"""Days of two small cities, as the daily job makes them, and all that can be exported of them."""

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
"""Of each city and each report the lines."""

SIZES = {"north": Size(1, 80, 40), "middle": Size(10, 60, 40)}


def run_day(schema: str, *, after: int = 0) -> Run:
    """The run of the city's first day, or of one ``after`` it; its sources are collected. In the city."""
    scene = scene_of(SIZES[schema])
    later = timedelta(days=after)
    as_of = scene.as_of + later
    run, opened = start_run(by="system", now=as_of, day=scene.day + later, as_of=as_of, collects=True)
    assert opened
    return run_here(run.pk, clock=lambda: as_of, progress=lambda _: None)


def assert_settled(run: Run) -> None:
    """Everybody was judged, though by then the sources' last word may be too old."""
    assert run == Run.objects.last_settled()
    assert set(run.partitions.values_list("state", flat=True)) <= {Partition.State.DONE}


def two_days(folder: Path) -> Exported:
    """Both cities' first days, and all that is exported after them."""
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
