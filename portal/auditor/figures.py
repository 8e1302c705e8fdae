"""A report in figures: by day, by place and by the age of the data. Each figure links to its rows."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from codes.reports.figures import FIGURED, Figures, Groups, figures
from codes.reports.request import ReportName, ReportRequest
from portal.auditor.forms import ReportForm
from portal.auditor.journal_labels import action_choices
from portal.auditor.report_labels import ReportTitle, Titles, cell_label
from portal.templatetags.page import span
from portal.web.access import StaffRequest, for_staff
from portal.web.chart import DayChart, Series, day_chart
from regions.staff.roles import Role

# Places beyond these are summed; the report's rows list all of them.
MOST_PLACES = 50


@require_safe
@for_staff(Role.AUDITOR)
def report_figures(request: StaffRequest, report: str) -> HttpResponse:
    if report not in FIGURED:
        raise Http404
    name = ReportName(report)
    # A day without a run has no figure, which is not an error here.
    form = ReportForm(name, request.GET, needs_settled=False)
    context: dict[str, Any] = {"report": report, "title": str(ReportTitle(report).label), "form": form}
    if form.is_valid():
        found = figures(form.request(), now=timezone.now())
        column = "source" if name is ReportName.SOURCES else "provider"
        # The form's choices are the same values with their titles.
        titles = {column: dict(form.fields[column].choices)} if column in form.fields else {}  # type: ignore[attr-defined]
        titles["verb"] = dict(action_choices())
        asked = found.asked
        context |= {
            "first": found.days[0],
            "last": found.days[-1],
            "of_day": asked.last if asked.first == asked.last != found.days[0] else None,
            "rows": _rows_of(asked),
            "chart": _chart(name, found, titles) if found.daily else None,
            "places": _led(asked, "place", found.places[:MOST_PLACES], titles),
            "more_places": sum(count for _place, count in found.places[MOST_PLACES:]),
            "ages": _led(asked, "data_age", found.ages, titles),
            "acts": _led(asked, "verb", found.acts, titles),
            "inputs": _inputs(column, found, titles),
            "of_sources": name is ReportName.SOURCES,
        }
    return render(request, "auditor/figures.html", context)


def _chart(name: ReportName, found: Figures, titles: Titles) -> DayChart:
    """Return a chart with one shade per series. A report without series of its own has a single one."""
    whole = _("Pairs of providers that differ") if name is ReportName.DISAGREEMENTS else str(ReportTitle(name).label)
    series = [
        Series(cell_label(name, "state", key, titles) if key else whole, values, shade)
        for shade, (key, values) in enumerate(found.daily.items(), start=1)
    ]
    return day_chart(_("From day to day"), [str(date_format(day, "MONTH_DAY_FORMAT")) for day in found.days], series)


def _rows_of(asked: ReportRequest, **narrower: str) -> str:
    """Return the address of the rows."""
    days = {"first": asked.first, "last": asked.last}
    return (
        f"{reverse('auditor_report', args=[asked.report])}?{urlencode({'show': 1, **days, **asked.only, **narrower})}"
    )


def _led(asked: ReportRequest, column: str, groups: Groups, titles: Titles) -> list[tuple[str, str, str]]:
    """Return label, count and address of the rows of each group.

    Rows without a value cannot be filtered for and have no address.
    """
    return [
        (
            cell_label(asked.report, column, value, titles) if value else _("not known"),
            str(number_format(count)),
            _rows_of(asked, **{column: value}) if value else "",
        )
        for value, count in groups
    ]


def _inputs(column: str, found: Figures, titles: Titles) -> Iterable[tuple[str, Any, str, str, str]]:
    return [
        (
            cell_label(found.asked.report, column, one.code, titles),
            one.complete_up_to,
            span(one.age) if one.age is not None else "–",
            str(number_format(one.count)),
            _rows_of(found.asked, **{column: one.code}),
        )
        for one in found.inputs
    ]
