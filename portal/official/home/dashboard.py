"""The dashboard: colours, disagreements over time by cause and by pair of providers, and the age of open cases."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import combinations
from typing import TypeVar

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from codes.disagreements import Kind, pairs_after
from codes.models import Case, Provider, Run, RunProvider
from codes.models.case import overdue
from codes.reports import figures
from codes.vocabulary import Cause
from portal.official.runs.standing import standing_for
from portal.templatetags.page import label_of, titled
from portal.web.access import StaffRequest, for_staff
from portal.web.chart import SHADES, BarChart, DayChart, Series, Value, bar_chart, day_chart
from regions.staff.roles import Role

DAYS_SHOWN = 30
# Number of pairs of providers with a series of their own: those with the most disagreements.
MOST_PAIRS = 4

K = TypeVar("K", bound=Hashable)
Filled = Callable[[list[int]], Sequence[Value]]


@require_GET
@for_staff(Role.REVIEWER, Role.APPROVER, Role.AUDITOR)
def dashboard(request: StaffRequest) -> HttpResponse:
    standing = standing_for(request.roles, now=timezone.now())
    newest: Run | None = standing["standing"].run
    runs = _run_of_each_day(newest) if newest else []
    differing = pairs_after(runs)
    judged = figures.judged_in(runs)
    days, filled = by_day(runs, judged)
    context = {
        **standing,
        "newest": newest,
        "providers": [row for row in judged if newest and row.run_id == newest.pk],
        "by_cause": _by_cause(days, filled, differing),
        "by_pair": _by_pair(days, filled, differing),
        "ages": _ages(),
    }
    return render(request, "official/home/dashboard.html", context)


def _run_of_each_day(newest: Run) -> list[Run]:
    since = newest.day - timedelta(days=DAYS_SHOWN - 1)
    return list(Run.objects.last_of_each_day().filter(day__gte=since))


def _by_cause(days: Sequence[str], filled: Filled, differing: Mapping[Kind, list[int]]) -> DayChart:
    """Chart disagreements by cause. Each cause keeps its shade whatever its count."""
    found = _together([(Cause(kind.cause), counts) for kind, counts in differing.items()])
    series = [
        Series(label_of(cause), filled(found[cause]), shade)
        for shade, cause in enumerate(Cause, start=1)
        if cause in found
    ]
    return day_chart(_("Disagreements by cause"), days, series)


def _by_pair(days: Sequence[str], filled: Filled, differing: Mapping[Kind, list[int]]) -> DayChart:
    """Chart disagreements by pair of providers. Pairs beyond ``MOST_PAIRS`` are summed.

    The shades follow the order of the providers, so that they do not change from day to day.
    """
    names = {provider.pk: titled(provider) for provider in Provider.objects.order_by("code")} if differing else {}
    found = _together([((kind.a, kind.b), counts) for kind, counts in differing.items()])
    largest = sorted(found, key=lambda pair: -max(found[pair]))[:MOST_PAIRS]
    series = [
        Series(f"{names[a]} – {names[b]}", filled(found[a, b]), place % (SHADES - 1) + 1)
        for place, (a, b) in enumerate(combinations(names, 2))
        if (a, b) in largest
    ]
    if rest := [counts for pair, counts in found.items() if pair not in largest]:
        series.append(Series(_("All others"), filled([sum(counts) for counts in zip(*rest, strict=True)]), SHADES))
    return day_chart(_("Disagreements by pair of providers"), days, series)


def _together(found: Iterable[tuple[K, list[int]]]) -> dict[K, list[int]]:
    """Add up the lists that have the same key."""
    summed: dict[K, list[int]] = {}
    for key, counts in found:
        known = summed.setdefault(key, [0] * len(counts))
        summed[key] = [one + more for one, more in zip(known, counts, strict=True)]
    return summed


def by_day(runs: Sequence[Run], judged: Iterable[RunProvider]) -> tuple[list[str], Filled]:
    """Return the labels of all days from the first run to the last, and a function that turns counts per run into counts per day."""
    if not runs:
        return [], list
    first = runs[0].day
    days = [first + timedelta(days=n) for n in range((runs[-1].day - first).days + 1)]
    titles = [formats.date_format(day, "MONTH_DAY_FORMAT") for day in days]
    return titles, lambda counts: figures.by_day(days, runs, counts, judged)


def _ages() -> BarChart:
    """Chart open cases by age. Overdue cases are counted in their age group and again as overdue."""
    now = timezone.now()
    day, three = now - timedelta(days=1), now - timedelta(days=3)
    found = Case.objects.open().aggregate(
        fresh=Count("id", filter=Q(opened_at__gt=day)),
        older=Count("id", filter=Q(opened_at__lte=day, opened_at__gt=three)),
        oldest=Count("id", filter=Q(opened_at__lte=three)),
        overdue=Count("id", filter=overdue(now)),
    )
    names = {
        "fresh": _("Up to a day"), "older": _("One to three days"), "oldest": _("Longer"), "overdue": _("Overdue"),
    }  # fmt: skip
    return bar_chart(_("Age of open cases"), [(title, found[name]) for name, title in names.items()])
