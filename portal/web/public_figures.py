"""The public page of a city's weekly counts. It reads rows that a worker wrote, and ignores the query."""

from collections.abc import Callable, Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from codes.models import PublishedWeek
from codes.models.published_week import LEAST_GROUP
from codes.public_figures import WEEKS_SHOWN
from codes.vocabulary import Cause
from portal.web.access import for_anyone
from portal.web.chart import DayChart, Series, Value, day_chart

SECONDS_CACHED = 3600
NOT_TOLD = "*"


@for_anyone
@require_safe
def public_figures(request: HttpRequest) -> HttpResponse:
    """Show the last half year, in one query. Only the browser caches it, for an hour, as language and text size differ."""
    weeks = list(PublishedWeek.objects.order_by("-monday")[:WEEKS_SHOWN])[::-1]
    context = {
        "newest": weeks[-1] if weeks else None,
        "charts": _charts(weeks) if weeks else [],
        "weeks": [
            (one.monday, [_count(n) for n in (one.people, one.disagreements, one.decided)], one) for one in weeks[::-1]
        ],
        "least": LEAST_GROUP,
    }
    answer = render(request, "shared/public_figures.html", context)
    patch_cache_control(answer, private=True, max_age=SECONDS_CACHED)
    return answer


def _count(number: int | None) -> str:
    return NOT_TOLD if number is None else str(number_format(number))


def _charts(weeks: Sequence[PublishedWeek]) -> list[DayChart]:
    labels = [str(date_format(one.monday, "MONTH_DAY_FORMAT")) for one in weeks]

    def of(read: Callable[[PublishedWeek], Value]) -> list[Value]:
        return [read(one) for one in weeks]

    by_cause = [
        Series(str(cause.label), values, shade)
        for shade, cause in enumerate(Cause, start=1)
        if any(values := of(lambda one, cause=cause: one.of_cause(cause)))  # type: ignore[misc]
    ]
    hours = of(lambda one: one.median_hours)
    return [
        day_chart(
            _("People known to the city"), labels, [Series(pgettext("figures", "People"), of(lambda one: one.people))]
        ),
        day_chart(_("Disagreements found, by cause"), labels, by_cause),
        # If no week has a group large enough to publish, there is nothing to draw.
        day_chart(_("Hours to the decision, median"), labels, [Series(_("Hours"), hours, 2)] if any(hours) else []),
    ]
