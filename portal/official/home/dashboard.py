"""The dashboard: colours, disagreements over time by cause and by providers, and how old the open cases are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from codes.disagreements import Kind, pairs_after
from codes.models import Case, Provider, Run
from codes.models.case import overdue
from codes.validity import Age
from portal.templatetags.page import label_of, titled
from portal.web.access import StaffRequest, for_staff
from portal.web.chart import BarChart, LineChart, bar_chart, line_chart
from regions.staff.roles import Role

RUNS_SHOWN = 30
# More lines could not be told apart without colours.
MOST_LINES = 4


@require_GET
@for_staff(Role.REVIEWER, Role.APPROVER, Role.AUDITOR)
def dashboard(request: StaffRequest) -> HttpResponse:
    runs = list(Run.objects.settled()[:RUNS_SHOWN])[::-1]
    newest = runs[-1] if runs else None
    differing = pairs_after(runs)
    context = {
        "newest": newest,
        "expired": newest is not None and not Age.of(newest.day, now=timezone.now()).is_valid,
        "providers": newest.providers.select_related("provider").order_by("provider__code") if newest else [],
        "by_cause": _by_cause(runs, differing),
        "by_pair": _by_pair(runs, differing),
        "ages": _ages(),
    }
    return render(request, "official/home/dashboard.html", context)


def _by_cause(runs: Sequence[Run], differing: Mapping[Kind, list[int]]) -> LineChart:
    found = _together([(label_of(kind.cause, "cause"), counts) for kind, counts in differing.items()])
    return line_chart(_("Disagreements by cause"), _days(runs), found)


def _by_pair(runs: Sequence[Run], differing: Mapping[Kind, list[int]]) -> LineChart:
    names = {provider.pk: titled(provider) for provider in Provider.objects.all()} if differing else {}
    found = _together([(f"{names[kind.a]} – {names[kind.b]}", counts) for kind, counts in differing.items()])
    return line_chart(_("Disagreements by pair of providers"), _days(runs), found)


def _together(found: Sequence[tuple[str, list[int]]]) -> list[tuple[str, list[int]]]:
    """One series for each name, the highest last value first; those beyond ``MOST_LINES`` are added up."""
    summed: dict[str, list[int]] = {}
    for name, counts in found:
        known = summed.setdefault(name, [0] * len(counts))
        summed[name] = [one + more for one, more in zip(known, counts, strict=True)]
    series = sorted(summed.items(), key=lambda one: (-one[1][-1], -max(one[1]), one[0]))
    if len(series) > MOST_LINES:
        rest = [sum(counts) for counts in zip(*(counts for _name, counts in series[MOST_LINES - 1 :]), strict=True)]
        series = [*series[: MOST_LINES - 1], (_("All others"), rest)]
    return series


def _days(runs: Sequence[Run]) -> list[str]:
    """Each run by its day; a day's later runs with their number."""
    several = {day for day, runs_of_day in Counter(run.day for run in runs).items() if runs_of_day > 1}
    labels = {run.day: formats.date_format(run.day, "MONTH_DAY_FORMAT") for run in runs}
    return [f"{labels[run.day]} ({run.sequence})" if run.day in several else labels[run.day] for run in runs]


def _ages() -> BarChart:
    """Open cases by how long they have been open; the overdue are counted among them again."""
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
