"""The report ``work``: tables with the numbers of cases opened, decided and decided in time, by day, person, cause and place.

The page of the head of the office, the auditors' report and the files have the same rows. A file with a language has headings and
words in that language; a file without has the names and codes of ``docs/exports.md``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import TextChoices
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from codes.models import Run
from codes.models.case import DECIDED_STATES, Case
from codes.reports.formats import Cell, Content, Row
from codes.reports.request import PLACE, ReportRequest, bounds, named, span
from codes.vocabulary import Cause
from regions.divisions import division_title
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
DAYS_WITHOUT_BOUNDS = 30
MOST_DAYS = 366
# Leaves room for the preceding period, with which a period is compared.
EARLIEST = date.min + timedelta(days=2 * MOST_DAYS)


class WorkTable(TextChoices):
    DAYS = "days", pgettext_lazy("work", "By day")
    PEOPLE = "people", pgettext_lazy("work", "By person")
    OFFICES = "offices", pgettext_lazy("work", "By office")
    CAUSES = "causes", pgettext_lazy("work", "By cause")
    PLACES = "places", pgettext_lazy("work", "By place of the record")
    AGES = "ages", pgettext_lazy("work", "Open cases by age")


class CaseAge(TextChoices):
    """How long a case has been open."""

    DAY = "0", _("Up to a day")
    THREE_DAYS = "1", _("One to three days")
    WEEK = "2", _("Three to seven days")
    LONGER = "3", _("Longer")


class OtherOrigin(TextChoices):
    """Why a case without a disagreement was opened."""

    APPEAL = Case.Kind.APPEAL.value, _("Appeal")
    SUSPENSION = Case.Kind.SUSPENSION.value, _("Suspension")
    CORRECTION = Case.Kind.CORRECTION.value, _("Correction asked by another city")


TITLES: dict[str, str | Promise] = {
    "day": _("Day"),
    "person": pgettext_lazy("column", "Name"),
    "office": _("Office"),
    "origin": _("Cause"),
    "place_code": _("Division code"),
    "place": pgettext_lazy("column", "Place"),
    "age": _("Open for"),
    "cases": pgettext_lazy("column", "Cases"),
    "opened": pgettext_lazy("column", "Came in"),
    "decided": pgettext_lazy("column", "Decided"),
    "in_time": pgettext_lazy("column", "In time"),
    "in_time_per_cent": pgettext_lazy("column", "In time, %"),
    "ended_by_itself": pgettext_lazy("column", "Ended without a decision"),
    "returned": pgettext_lazy("column", "Proposals returned"),
    "approved": pgettext_lazy("column", "Approved"),
    "sent_back": pgettext_lazy("column", "Sent back"),
    "open_at_end": pgettext_lazy("column", "Open in the evening"),
    "open_now": pgettext_lazy("column", "Open now"),
    "overdue_now": pgettext_lazy("column", "Overdue now"),
}
DONE = ("decided", "in_time", "in_time_per_cent")
HANDS = (*DONE, "returned", "approved", "sent_back", "open_now", "overdue_now")
COLUMNS: dict[WorkTable, tuple[str, ...]] = {
    WorkTable.DAYS: ("day", "opened", *DONE, "ended_by_itself", "returned", "open_at_end"),
    WorkTable.PEOPLE: ("person", "office", *HANDS),
    WorkTable.OFFICES: ("office", *HANDS),
    WorkTable.CAUSES: ("day", "origin", "cases"),
    WorkTable.PLACES: ("place_code", "place", "opened", *DONE, "open_now", "overdue_now"),
    WorkTable.AGES: ("age", "cases", "overdue_now"),
}


@dataclass(frozen=True)
class Period:
    """A period of days in the city, both included, never longer than ``MOST_DAYS``."""

    first: date
    last: date

    @classmethod
    def of(
        cls, first: date | None, last: date | None, *, today: date, since: date | None = None, most: int = MOST_DAYS
    ) -> "Period":
        """Return the requested period, by default ``DAYS_WITHOUT_BOUNDS`` long. It does not begin before ``since``, the first day."""
        since = min(since or EARLIEST, today)
        last = max(min(last or today, today), EARLIEST, since)
        first = min(first or last - timedelta(days=DAYS_WITHOUT_BOUNDS - 1), last)
        return cls(max(first, last - timedelta(days=most - 1), since), last)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Figures:
    """The totals of a period. ``median``: time from opening to decision; ``open``: open cases at the end of the period."""

    opened: int
    decided: int
    in_time: int
    ended_by_itself: int
    median: timedelta | None
    returned: int
    open: int
    second_looks: int
    differing_looks: int

    @property
    def in_time_per_cent(self) -> int | None:
        return _share(self.in_time, self.decided)


@dataclass(frozen=True)
class Line:
    """A row, and what its numbers are about, as arguments of ``codes.reports.work_cases.Number``."""

    cells: Row
    about: dict[str, Any]


def work(request: ReportRequest, *, now: datetime) -> Content:
    """Return one of the tables as a report."""
    table = WorkTable(request.wanted("table") or WorkTable.DAYS)
    today, since = current_city().day_of(now), Run.objects.first_day()
    period = Period.of(request.first, request.last, today=today, since=since)
    language, columns = request.wanted("language"), COLUMNS[table]
    filters = {**named(period.first, period.last), "table": table.value, **request.only}
    with translation.override(language or "en"):
        rows = [line.cells for line in work_lines(table, period, now=now)]
        if language is None:
            return Content(columns, iter(rows), filters)
        worded = [tuple(map(cell_in_words, columns, row)) for row in rows]
        return Content(tuple(str(TITLES[column]) for column in columns), iter(worded), filters)


def work_lines(table: WorkTable, period: Period, *, now: datetime) -> list[Line]:
    """Return the table's rows with days, codes and counts as they are stored. Makes one query."""
    return [LINES[table](*row) for row in _read(STATEMENTS[table], period, now=now)]


def figures(period: Period, *, since: date | None, now: datetime) -> tuple[Figures, Figures | None]:
    """Return the totals of the period and of the equally long one before it.

    The latter is ``None`` if it begins before ``since``, the city's first day.
    """
    this, before = (Figures(*row) for row in _read(SUMMARY, period, now=now))
    is_whole = since is not None and period.first - timedelta(days=period.days) >= since
    return this, before if is_whole else None


def cell_in_words(column: str, cell: Cell) -> Cell:
    """Return a stored value in the active language, and a count unchanged."""
    match column:
        case "origin" if cell is not None:
            return str(Cause(cell).label if cell in set(Cause) else OtherOrigin(cell).label)
        case "age":
            return str(CaseAge(cell).label)
        case _:
            return cell


def _share(part: int, whole: int) -> int | None:
    """Return the share in per cent, rounded; ``None`` if ``whole`` is 0."""
    return round(100 * part / whole) if whole else None


OPENED, CLOSED, ANSWERED = span("c.opened_at"), span("c.closed_at"), span("r.decided_at")
PERSON, OFFICE = "a.username, a.full_name, a.office", "a.office"
STATEMENTS: dict[str, str] = {
    WorkTable.DAYS: compose(SQL, "days", opened=OPENED, closed=CLOSED, answered=ANSWERED),
    WorkTable.PEOPLE: compose(SQL, "people", closed=CLOSED, answered=ANSWERED, whom=PERSON, grouped=PERSON),
    WorkTable.OFFICES: compose(SQL, "people", closed=CLOSED, answered=ANSWERED, whom=OFFICE, grouped=OFFICE),
    WorkTable.CAUSES: compose(SQL, "causes", opened=OPENED),
    WorkTable.PLACES: compose(SQL, "places", opened=OPENED, place=PLACE),
    WorkTable.AGES: compose(SQL, "ages"),
}
SUMMARY = compose(SQL, "summary")


def _read(statement: str, period: Period, *, now: datetime) -> list[tuple[Any, ...]]:
    zone = current_city().zone
    parameters = {
        **bounds(period.first, period.last, zone=zone),
        "first": period.first,
        "last": period.last,
        "zone": zone.key,
        "now": now,
        "decided": DECIDED_STATES,
        "causes": [cause.value for cause in Cause],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _day(day: date, opened: int, decided: int, in_time: int, *rest: int) -> Line:
    cells = (day.isoformat(), opened, decided, in_time, _share(in_time, decided), *rest)
    return Line(cells, {"period": Period(day, day)})


def _person(username: str, full_name: str, office: str, decided: int, in_time: int, *rest: int) -> Line:
    """Return the line of a person, with the name of the account if there is no full name."""
    cells = (full_name or username, office or None, decided, in_time, _share(in_time, decided), *rest)
    return Line(cells, {"person": username})


def _office(office: str, decided: int, in_time: int, *rest: int) -> Line:
    return Line((office or None, decided, in_time, _share(in_time, decided), *rest), {"office": office})


def _cause(day: date, origin: str, cases: int) -> Line:
    return Line((day.isoformat(), origin, cases), {"period": Period(day, day), "origin": origin})


def _place(code: str | None, opened: int, decided: int, in_time: int, *rest: int) -> Line:
    title = division_title(code, translation.get_language() or "en") if code else None
    return Line(
        (code, title, opened, decided, in_time, _share(in_time, decided), *rest), {"place": code} if code else {}
    )


def _age(age: int, cases: int, overdue: int) -> Line:
    return Line((str(age), cases, overdue), {})


LINES: dict[str, Callable[..., Line]] = {
    WorkTable.DAYS: _day,
    WorkTable.PEOPLE: _person,
    WorkTable.OFFICES: _office,
    WorkTable.CAUSES: _cause,
    WorkTable.PLACES: _place,
    WorkTable.AGES: _age,
}
