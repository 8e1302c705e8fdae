"""Runs: the list, one page per run, and starting one."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count, IntegerField, Q, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from codes.models import HeldGroup, Partition, Run, RunFault
from codes.runs.ledger import start_run
from codes.sentinel.alarms import READERS as ALARM_READERS
from codes.tasks import enqueue_run
from portal.official.held_groups.views import READERS as HELD_READERS
from portal.official.runs.standing import STARTERS, standing_for
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt
from portal.web.keyset import keyset_page
from regions.staff.roles import Role
from regions.tenancy import current_city

READERS = (
    Role.REVIEWER,
    Role.APPROVER,
    Role.SOURCE_MANAGER,
    Role.RULE_MANAGER,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)


@require_GET
@for_staff(*READERS)
def run_list(request: StaffRequest) -> HttpResponse:
    page, now = keyset_page(Run.objects.all(), request.GET, by=["-id"]), timezone.now()
    context = {
        "page": page,
        "has_open": any(run.state in Run.OPEN for run in page.rows),
        **standing_for(request.roles, now=now),
        "held": _held(now),
        "may_see_held": bool(request.roles & set(HELD_READERS)),
    }
    return render(request, "official/runs/runs.html", context)


@require_GET
@for_staff(*READERS)
def run_page(request: StaffRequest, run_id: int) -> HttpResponse:
    run = get_object_or_404(Run, pk=run_id)
    counts = run.partitions.aggregate(
        all=Count("pk"),
        ended=Count("pk", filter=Q(state__in=[Partition.State.DONE, Partition.State.PARKED])),
        parked=Count("pk", filter=Q(state=Partition.State.PARKED)),
        changed=Sum(Cast(KT("counts__changed"), IntegerField())),
        people=Sum(Cast(KT("counts__people"), IntegerField())),
    )
    if run.amends_id:
        # An amending run has no partitions.
        counts |= {"changed": run.counts.get("changed"), "people": run.counts.get("people")}
    held = _held_in(run)
    kept_back = run.changes.filter(held_in__isnull=False).count()
    counts["changed"] = (counts["changed"] or 0) - kept_back
    is_open = run.state in Run.OPEN
    has_failed = run.state == Run.State.FAILED and not run.history
    context = {
        "run": run,
        **(standing_for(request.roles, now=timezone.now()) if has_failed else {}),
        "partitions": counts,
        "kept_back": kept_back,
        "is_open": is_open,
        "minutes_left": _minutes_left(run, counts["ended"], counts["all"]) if is_open else None,
        "providers": run.providers.select_related("provider", "source", "version__rule_set").order_by("provider__code"),
        "sources": run.sources.select_related("source", "batch").order_by("source__code"),
        "errors": run.errors.order_by("-at")[:20],
        "held": held,
        # The groups below show their current state, while the run's own sentence describes the state when it ended.
        "is_told_below": bool(held) and all(code == RunFault.GROUP_HELD for code, _ in run.missing_parts()),
        "may_see_held": bool(request.roles & set(HELD_READERS)),
        "may_see_alarms": bool(request.roles & set(ALARM_READERS)),
    }
    return render(request, "official/runs/run.html", context)


@require_POST
@for_staff(*STARTERS)
def start(request: StaffRequest) -> HttpResponse:
    """Start a run, or redirect to the one that is open."""
    started = attempt(request, start_run, back=reverse("official_runs"))
    if started is None:
        return redirect("official_runs")
    run, opened = started
    enqueue_run(current_city().schema_name, run.pk)
    if not opened:
        messages.info(request, _("A run is under way already; this is it."))
    return redirect("official_run", run_id=run.pk)


def _held(now: datetime) -> dict[str, Any]:
    """Return the number of held groups and until when the oldest must be answered, or an empty dict if none waits."""
    waiting = list(HeldGroup.objects.waiting())
    if not waiting:
        return {}
    return {"count": len(waiting), "answer_by": waiting[0].answer_by, "overdue": waiting[0].is_overdue(now)}


def _held_in(run: Run) -> list[tuple[HeldGroup, str]]:
    """Return the groups in which the run held something back, with their causes."""
    kept = run.changes.filter(held_in__isnull=False).values("kept_back__group")
    found = HeldGroup.objects.described().filter(pk__in=kept).order_by("pk")
    return [(group, group.message_in(get_language() or "en")) for group in found]


def _minutes_left(run: Run, ended: int, all_: int) -> int | None:
    """Return an estimate from the pace so far, or ``None`` before the first partition has ended."""
    if not ended:
        return None
    passed = (timezone.now() - run.started_at).total_seconds()
    return max(1, round(passed / ended * (all_ - ended) / 60))
