"""The counts of one city over thirty days against thresholds. They contain no personal data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from codes.city_days import CityDay, city_days
from portal.templatetags.operator import per_cent
from portal.web.access import StaffRequest, for_staff
from portal.web.chart import DayChart, Series, Value, day_chart
from regions.models import City

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Measure:
    """A measure. If its value is above ``threshold``, the operator asks the city for the cause."""

    title: str | Promise
    unit: str
    threshold: float
    read: Callable[[CityDay], Value]


MEASURES = (
    Measure(
        gettext_lazy("Age of the oldest data, hours"),
        "",
        26,
        lambda day: None if day.age is None else int(day.age / HOUR),
    ),
    Measure(gettext_lazy("Failed runs"), "", 0, lambda day: day.failed_runs),
    Measure(gettext_lazy("Disagree, % of the registered"), "%", 1, lambda day: day.rate),
    Measure(gettext_lazy("Alarms"), "", 0, lambda day: day.alarms),
    Measure(gettext_lazy("Overdue cases in the evening"), "", 0, lambda day: day.overdue),
)


@dataclass(frozen=True)
class ShownMeasure:
    """A measure over the days: its chart, and the number of days on which it was above its threshold."""

    title: str
    threshold: str
    days_above: int
    chart: DayChart


@require_safe
@for_staff()
def city_page(request: StaffRequest, schema: str) -> HttpResponse:
    city = get_object_or_404(City.objects.exclude(schema_name="public"), schema_name=schema)
    now = timezone.now()
    days = city_days(city.schema_name, now=now)
    labels = [str(date_format(one.day, "MONTH_DAY_FORMAT")) for one in days]
    rows = [(one.day, [_cell(measure, one) for measure in MEASURES]) for one in days[::-1]]
    context = {
        "city_shown": city,
        "now": now,
        "measures": [_shown_measure(measure, place, days, labels) for place, measure in enumerate(MEASURES, start=1)],
        "rows": rows,
    }
    return render(request, "operator/city.html", context)


def _shown_measure(measure: Measure, shade: int, days: list[CityDay], labels: list[str]) -> ShownMeasure:
    values = [measure.read(one) for one in days]
    above = sum(value is not None and value > measure.threshold for value in values)
    chart = day_chart(str(measure.title), labels, [Series(str(measure.title), values, shade)], unit=measure.unit)
    return ShownMeasure(str(measure.title), _worded(measure.threshold, measure.unit), above, chart)


def _cell(measure: Measure, day: CityDay) -> tuple[str, bool]:
    """Return the value in words, and whether it is above the threshold."""
    value = measure.read(day)
    return ("–", False) if value is None else (_worded(value, measure.unit), value > measure.threshold)


def _worded(value: float, unit: str) -> str:
    return per_cent(value) if unit else str(number_format(value))
