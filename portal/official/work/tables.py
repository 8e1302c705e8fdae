"""Tables, figures and charts of the work pages. Numbers link to their cases, and figures have their trend in words."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format, localize, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes.reports.work import COLUMNS, TITLES, Figures, Line, OtherOrigin, Period, WorkTable, cell_in_words
from codes.reports.work_cases import Counted
from codes.vocabulary import Cause
from portal.templatetags.page import span, untranslated
from portal.web.chart import SHADES, DayChart, Series, day_chart

# Columns of the tables that show fewer columns on the page than in the file.
SHOWN = {WorkTable.CAUSES: ("origin", "cases")}
Worded = Callable[[Any], str]
TEXTS = frozenset({"day", "person", "office", "origin", "place_code", "place", "age"})


@dataclass(frozen=True)
class ShownCell:
    text: str
    address: str
    is_number: bool


@dataclass(frozen=True)
class Shown:
    """A table for display. The first cell of each row is its heading."""

    titles: list[tuple[str, bool]]
    rows: list[list[ShownCell]]


@dataclass(frozen=True)
class Figure:
    """A figure, its trend, and the address of its cases."""

    title: str
    value: str
    trend: str
    sign: str
    address: str


def shown(table: WorkTable, lines: Sequence[Line], period: Period) -> Shown:
    """Return the table for display; days are in descending order.

    A number links to its cases where the list can be filtered accordingly.
    """
    columns = SHOWN.get(table, COLUMNS[table])
    ordered = lines[::-1] if "day" in columns else lines
    rows = [
        [_cell(table, column, cell, line, period) for column, cell in zip(columns, line.cells, strict=True)]
        for line in ordered
    ]
    return Shown([(str(TITLES[column]), column not in TEXTS) for column in columns], rows)


def with_period(address: str, period: Period, **more: str) -> str:
    return f"{address}?{urlencode(days_of(period) | more)}"


def days_of(period: Period) -> dict[str, str]:
    """Return the period as the form's fields and query parameters."""
    return {"first": period.first.isoformat(), "last": period.last.isoformat()}


def figures_in_words(this: Figures, before: Figures | None, period: Period) -> list[Figure]:
    """Return the period's figures, each with the difference to the preceding period of the same length, if the city has data for it."""

    def figure(title: Any, read: Callable[[Figures], Any], worded: Worded, apart: Worded, what: str = "") -> Figure:
        now = read(this)
        # If there are no such days, the page says so once instead of in each figure.
        trend = _trend(now, read(before), apart) if before else ("", "")
        address = with_period(reverse("official_work_cases"), period, what=what) if what else ""
        return Figure(str(title), worded(now), *trend, address)

    def counted(title: Any, name: str, *, leads: bool = True) -> Figure:
        return figure(title, attrgetter(name), _count, _count, name if leads else "")

    return [
        counted(TITLES["opened"], "opened"),
        counted(TITLES["decided"], "decided"),
        figure(_("Decided in time"), attrgetter("in_time_per_cent"), _points, _points_apart, Counted.IN_TIME.value),
        figure(_("Median time to the decision"), attrgetter("median"), _span, _span),
        counted(TITLES["returned"], "returned"),
        counted(TITLES["ended_by_itself"], "ended_by_itself"),
        counted(_("Open at the end"), "open", leads=False),
        counted(_("Second looks taken"), "second_looks", leads=False),
        counted(_("of them, another decision found right"), "differing_looks", leads=False),
    ]


def days_chart(lines: Sequence[Line]) -> DayChart:
    """Chart the cases opened and decided each day."""
    opened, decided = ([int(line.cells[place]) for line in lines] for place in (1, 2))
    series = [Series(str(TITLES["opened"]), opened, 1), Series(str(TITLES["decided"]), decided, 2)]
    return day_chart(_("Came in and decided"), [_day(line.cells[0]) for line in lines], series)


def cause_chart(lines: Sequence[Line], period: Period) -> DayChart:
    """Chart the opened cases by cause. Each cause has its own shade; cases without a cause share the last one."""
    days = [(period.first + timedelta(days=n)).isoformat() for n in range(period.days)]
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        day, origin, cases = line.cells
        found.setdefault(origin, {})[day] = cases
    origins = [*Cause, *OtherOrigin]
    series = [
        Series(str(origin.label), [found[origin].get(day, 0) for day in days], min(shade, SHADES))
        for shade, origin in enumerate(origins, start=1)
        if origin in found
    ]
    return day_chart(_("Cases that came in, by cause"), [_day(day) for day in days], series)


def totals(lines: Sequence[Line]) -> list[Line]:
    """Return the causes over the whole period, the most frequent first.

    The counts of each day are in the chart and the file.
    """
    counted: Counter[str] = Counter()
    for line in lines:
        _, origin, cases = line.cells
        counted[origin] += cases
    return [Line((origin, cases), {"origin": origin}) for origin, cases in counted.most_common()]


def _cell(table: WorkTable, column: str, cell: Any, line: Line, period: Period) -> ShownCell:
    if column in TEXTS:
        return ShownCell(_text(column, cell), "", is_number=False)
    text = "–" if cell is None else _count(cell)
    return ShownCell(text, _address(table, column, line, period) if cell else "", is_number=True)


def _text(column: str, cell: Any) -> str:
    if cell is None:
        return "–"
    if column == "day":
        return _day(cell)
    # Text as a person entered it.
    return untranslated(cell) if column in ("person", "office", "place_code") else str(cell_in_words(column, cell))


def _address(table: WorkTable, column: str, line: Line, period: Period) -> str:
    what = Counted.OPENED.value if table is WorkTable.CAUSES else column
    if not line.about or what not in set(Counted):
        return ""
    about = dict(line.about)
    of = about.pop("period", period)
    return with_period(reverse("official_work_cases"), of, what=what, **about)


def _trend(now: Any, then: Any, worded: Worded) -> tuple[str, str]:
    """Return the trend in words, and a sign for its direction."""
    if now is None or then is None:
        return _("nothing to compare with"), ""
    if now == then:
        return _("as in the days before"), "="
    if now > then:
        return _("%(difference)s more than in the days before") % {"difference": worded(now - then)}, "▲"
    return _("%(difference)s less than in the days before") % {"difference": worded(then - now)}, "▼"


def _day(day: str) -> str:
    """Return the day without a break opportunity, so that narrow columns do not wrap it."""
    return str(date_format(date.fromisoformat(day), "MONTH_DAY_FORMAT")).replace(" ", "\u00a0")


def _count(number: int) -> str:
    return str(number_format(number))


def _points(share: int | None) -> str:
    return "–" if share is None else f"{share}%"


def _points_apart(difference: int) -> str:
    return ngettext("%(n)s percentage point", "%(n)s percentage points", difference) % {"n": localize(difference)}


def _span(length: timedelta | None) -> str:
    return "–" if length is None else span(length)
