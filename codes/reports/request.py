"""What somebody asks a report for, and why it may be refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
# What a report can be narrowed to; each is a value of its rows, held against what was asked for.
FILTERS: dict[ReportName, tuple[str, ...]] = {
    ReportName.CODES: ("provider", "state"),
    ReportName.DISAGREEMENTS: ("cause",),
    ReportName.CASES: ("kind", "state"),
    ReportName.APPEALS: ("state",),
    ReportName.JOURNAL: ("by", "verb"),
    ReportName.SOURCES: ("source", "state"),
}


class CannotExport(ValueError):
    """The report cannot be made as asked; the message says why and what would work."""


@dataclass(frozen=True)
class ReportRequest:
    """One report over days of the city's zone, ``first`` and ``last`` included.

    No day at all: the newest settled day of a report of settled days, and everything of the others.
    ``identified`` shows full names and ID numbers; whoever asks that needs a right and a purpose. ``only`` narrows the rows by
    the filters of the report; the manifest names them.
    """

    report: ReportName
    first: date | None = None
    last: date | None = None
    identified: bool = False
    only: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise CannotExport(f"the days are the wrong way round: {self.first} is after {self.last}")
        if self.identified and self.report not in ABOUT_PEOPLE:
            raise CannotExport(f"the report {self.report} names no citizen; leave --identify out")
        if unknown := sorted(set(self.only) - set(FILTERS[self.report])):
            raise CannotExport(f"the report {self.report} cannot be narrowed by {', '.join(unknown)}")

    def wanted(self, name: str) -> str | None:
        """What rows must have there; none when all are wanted."""
        return self.only.get(name)
