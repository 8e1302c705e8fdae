"""The dashboard: colours, disagreements by cause over the last runs, and how old the open cases are."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from codes.models import Case, PairDiagnosis, Run
from portal.web.access import StaffRequest, for_staff
from regions.staff.roles import Role

RUNS_SHOWN = 30
WIDTH, HEIGHT = 640, 180


@dataclass(frozen=True)
class Chart:
    """A line over the runs as an SVG polyline, with the numbers for the table under it."""

    points: str
    rows: list[tuple[Run, int]]
    highest: int


@require_GET
@for_staff(Role.REVIEWER, Role.APPROVER, Role.AUDITOR)
def dashboard(request: StaffRequest) -> HttpResponse:
    """The city at a glance, counts only."""
    runs = list(Run.objects.filter(state__in=Run.SETTLED).order_by("-id")[:RUNS_SHOWN])
    newest = runs[0] if runs else None
    standing = Q(disagreement__closed_run__isnull=True)
    context = {
        "newest": newest,
        "providers": newest.providers.select_related("provider").order_by("provider__code") if newest else [],
        "causes": PairDiagnosis.objects.filter(standing)
        .values("primary_cause")
        .annotate(pairs=Count("id"))
        .order_by("-pairs"),
        "pairs": PairDiagnosis.objects.filter(standing)
        .values("a__code", "b__code")
        .annotate(pairs=Count("id"))
        .order_by("-pairs"),
        "ages": _ages(),
        "chart": _chart(runs[::-1]),
    }
    return render(request, "official/dashboard.html", context)


def _ages() -> dict[str, int]:
    """Open cases by how long they have been open."""
    now = timezone.now()
    day, three = now - timedelta(days=1), now - timedelta(days=3)
    return Case.objects.filter(closed_at__isnull=True).aggregate(
        fresh=Count("id", filter=Q(opened_at__gt=day)),
        older=Count("id", filter=Q(opened_at__lte=day, opened_at__gt=three)),
        oldest=Count("id", filter=Q(opened_at__lte=three)),
        overdue=Count("id", filter=Q(due_at__lt=now, paused_at__isnull=True)),
    )


def _chart(runs: list[Run]) -> Chart:
    rows = [(run, int(run.counts.get("disagreements", {}).get("standing", 0))) for run in runs]
    highest = max((count for _, count in rows), default=0) or 1
    step = WIDTH / max(len(rows) - 1, 1)
    points = " ".join(
        f"{place * step:.1f},{HEIGHT - count / highest * (HEIGHT - 20):.1f}" for place, (_, count) in enumerate(rows)
    )
    return Chart(points, rows, highest)
