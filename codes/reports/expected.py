"""How many rows a report will have, for whoever waits for it. Nothing is said of a narrowed one: only its rows can tell."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from codes.reports.days import bounds, span
from codes.reports.request import OF_SETTLED_DAYS, ReportName, ReportRequest
from codes.reports.settled_runs import settled_runs
from regions.tenancy import current_city

OF_A_RUN = {
    ReportName.CODES: """
SELECT count(*) FROM codes_registration WHERE registered_at <= (SELECT as_of FROM codes_run WHERE id = %(run)s)
""",
    ReportName.DISAGREEMENTS: """
SELECT count(*) FROM codes_disagreement
WHERE opened_run_id <= %(run)s AND (closed_run_id IS NULL OR closed_run_id > %(run)s)
""",
}
OF_A_SPAN = {
    ReportName.CASES: f"SELECT count(*) FROM codes_case WHERE {span('opened_at')}",  # noqa: S608 - constants
    ReportName.APPEALS: f"SELECT count(*) FROM codes_case WHERE kind = 'appeal' AND {span('opened_at')}",  # noqa: S608
    ReportName.JOURNAL: f"SELECT count(*) FROM journal_journalentry WHERE {span('at')}",  # noqa: S608
    ReportName.SOURCES: f"SELECT count(*) FROM sources_batch WHERE {span('started_at')}",  # noqa: S608
}


def expected_rows(request: ReportRequest) -> int | None:
    """The rows of the report as it would be now. Raises ``CannotExport`` where there is no settled day."""
    if request.only:
        return None
    if request.report in OF_SETTLED_DAYS:
        runs = settled_runs(first=request.first, last=request.last)
        return sum(_count(OF_A_RUN[request.report], {"run": run.pk}) for run in runs)
    return _count(OF_A_SPAN[request.report], bounds(request.first, request.last, zone=current_city().zone))


def _count(statement: str, parameters: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.fetchone()[0])
