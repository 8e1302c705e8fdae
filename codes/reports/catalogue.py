"""Which report is made by what."""

from collections.abc import Callable

from codes.reports.case_list import case_list
from codes.reports.content import Content
from codes.reports.daily_codes import daily_codes
from codes.reports.daily_disagreements import daily_disagreements
from codes.reports.deliveries import deliveries
from codes.reports.journal_entries import journal_entries
from codes.reports.request import ReportName, ReportRequest

REPORTS: dict[ReportName, Callable[[ReportRequest], Content]] = {
    ReportName.CODES: daily_codes,
    ReportName.DISAGREEMENTS: daily_disagreements,
    ReportName.CASES: case_list,
    ReportName.APPEALS: case_list,
    ReportName.JOURNAL: journal_entries,
    ReportName.SOURCES: deliveries,
}


def open_report(request: ReportRequest) -> Content:
    """The report's columns and rows, to be read inside the surrounding transaction. Raises ``CannotExport``.

    A page that shows the first rows and the export that writes all of them read the same.
    """
    return REPORTS[request.report](request)
