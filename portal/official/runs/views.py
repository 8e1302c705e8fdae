"""Runs: the list, a page per run that survives a refresh, starting one, and deciding about one that is held."""

from django.contrib import messages
from django.db.models import Count, IntegerField, Q, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from codes.models import Partition, Run
from codes.runs.ledger import start_run
from codes.runs.settle import DECIDERS, refuse, release
from codes.tasks import enqueue_run
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
    page = keyset_page(Run.objects.all(), request.GET, by=["-id"])
    may_start = bool(request.roles & {Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN})
    return render(request, "official/runs/runs.html", {"page": page, "may_start": may_start})


@require_GET
@for_staff(*READERS)
def run_page(request: StaffRequest, run_id: int) -> HttpResponse:
    run = get_object_or_404(Run, pk=run_id)
    counts = run.partitions.aggregate(
        all=Count("pk"),
        ended=Count("pk", filter=Q(state__in=[Partition.State.DONE, Partition.State.PARKED])),
        parked=Count("pk", filter=Q(state=Partition.State.PARKED)),
        changed=Sum(Cast(KT("counts__changed"), IntegerField())),
    )
    is_open = run.state in Run.OPEN
    context = {
        "run": run,
        "partitions": counts,
        "is_open": is_open,
        "minutes_left": _minutes_left(run, counts["ended"], counts["all"]) if is_open else None,
        "providers": run.providers.select_related("provider", "source", "version__rule_set").order_by("provider__code"),
        "sources": run.sources.select_related("source", "batch").order_by("source__code"),
        "errors": run.errors.order_by("-at")[:20],
        "may_decide": run.state == Run.State.HELD and bool(request.roles & set(DECIDERS)),
    }
    template = "official/runs/run_progress.html" if request.headers.get("HX-Request") else "official/runs/run.html"
    return render(request, template, context)


@require_POST
@for_staff(Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN)
def start(request: StaffRequest) -> HttpResponse:
    """Start a run, or go to the one that is open."""
    run, opened = start_run(by=request.user.username, now=timezone.now())
    enqueue_run(current_city().schema_name, run.pk)
    if not opened:
        messages.info(request, _("A run is under way already; this is it."))
    return redirect("official_run", run_id=run.pk)


@require_POST
@for_staff(*DECIDERS)
def decide(request: StaffRequest, run_id: int) -> HttpResponse:
    """Release or refuse a held run. The first person's release only asks for the second's."""
    run = get_object_or_404(Run, pk=run_id)
    back = reverse("official_run", args=[run.pk])
    if request.POST.get("verb") == "refuse":
        done = attempt(request, refuse, run.pk, reason=request.POST.get("reason", "").strip() or "-", back=back)
    else:
        done = attempt(request, release, run.pk, back=back)
    if done is None:
        return redirect(back)
    if done.state == Run.State.SETTLING:
        enqueue_run(current_city().schema_name, done.pk)
        messages.success(request, _("Released. The run is settling."))
    elif done.state == Run.State.HELD:
        messages.info(request, _("Asked for. A second person has to decide."))
    return redirect(back)


def _minutes_left(run: Run, ended: int, all_: int) -> int | None:
    """Estimated from the pace so far; none before a partition has ended."""
    if not ended:
        return None
    passed = (timezone.now() - run.started_at).total_seconds()
    return max(1, round(passed / ended * (all_ - ended) / 60))
