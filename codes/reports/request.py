"""What somebody asks a report for, and why it may be refused."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ReportName(StrEnum):
    """The reports of ``docs/exports.md``."""

    CODES = "codes"
    DISAGREEMENTS = "disagreements"
    CASES = "cases"
    APPEALS = "appeals"
    JOURNAL = "journal"
    SOURCES = "sources"


# Their rows name a citizen; the others' never do.
ABOUT_PEOPLE = frozenset({ReportName.CODES, ReportName.DISAGREEMENTS, ReportName.CASES, ReportName.APPEALS})
# Their rows are of settled days; the others' are of instants, which days of the city's zone delimit.
OF_SETTLED_DAYS = frozenset({ReportName.CODES, ReportName.DISAGREEMENTS})


class CannotExport(ValueError):
    """The report cannot be made as asked; the message says why and what would work."""


@dataclass(frozen=True)
class ReportRequest:
    """One report over days of the city's zone, ``first`` and ``last`` included.

    No day at all: the newest settled day of a report of settled days, and everything of the others.
    ``identified`` shows full names and ID numbers; whoever asks that needs a right and a purpose.
    """

    report: ReportName
    first: date | None = None
    last: date | None = None
    identified: bool = False

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise CannotExport(f"the days are the wrong way round: {self.first} is after {self.last}")
        if self.identified and self.report not in ABOUT_PEOPLE:
            raise CannotExport(f"the report {self.report} names no citizen; leave --identify out")
