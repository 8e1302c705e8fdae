"""Replaying a past day: computing its verdicts again from the same inputs and showing what differs."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from codes.models import Citizen, Partition, Run
from codes.reports.replay import REPLAYED, Again, Replayed, replay_and_note, side_by_side
from codes.tasks import enqueue_replay
from portal.auditor.forms import ReplayForm
from portal.web.access import StaffRequest, for_staff
from regions.journal.models import JournalEntry
from regions.staff.roles import Role
from regions.tenancy import current_city

# Up to so many verdicts are computed within the request; more are left to a worker.
AT_ONCE = 100_000
DIFFERENCES_SHOWN = 100
RECENT_SHOWN = 10


@dataclass(frozen=True)
class ReplayResult:
    """The result of a replay. ``providers`` is filled only for the replay of one citizen."""

    run: Run
    done: Replayed
    citizen: Citizen | None
    providers: list[Again]
    parked: int

    @property
    def differing(self) -> int:
        return len({(one.citizen_ref, one.provider) for one in self.done.differences})

    @property
    def shown(self) -> list[object]:
        return list(self.done.differences[:DIFFERENCES_SHOWN])


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.AUDITOR)
def replay_page(request: StaffRequest) -> HttpResponse:
    """Choose a day and optionally a citizen, which a GET request may preselect.

    A POST request replays, which is journalled.
    """
    form = ReplayForm(request.POST if request.method == "POST" else None, initial=request.GET.dict())
    result = None
    if request.method == "POST" and form.is_valid():
        run: Run = form.cleaned_data["run"]
        citizen: Citizen | None = form.cleaned_data["who"]
        if citizen is None and _verdict_count(run) > AT_ONCE:
            if enqueue_replay(current_city().schema_name, run.pk, request.user.username):
                messages.info(
                    request, _("This day is being computed again in the background; it appears below when it is.")
                )
            else:
                messages.error(request, _("No worker can be reached, so nothing is computed. Tell the operator."))
            return redirect("auditor_replay")
        result = _replay(run, citizen, by=request.user.username)
    context = {
        "form": form,
        "result": result,
        "recent": JournalEntry.objects.filter(verb=REPLAYED).order_by("-seq")[:RECENT_SHOWN],
        "newest": Run.objects.last_settled(),
    }
    return render(request, "auditor/replay.html", context)


def _replay(run: Run, citizen: Citizen | None, *, by: str) -> ReplayResult:
    done = replay_and_note(run, by=by, now=timezone.now(), citizen=citizen)
    return ReplayResult(
        run,
        done,
        citizen,
        side_by_side(run, citizen, done) if citizen else [],
        run.partitions.filter(state=Partition.State.PARKED).count(),
    )


def _verdict_count(run: Run) -> int:
    return sum(count or 0 for count in run.providers.filter(known=True).values_list("registered", flat=True))
