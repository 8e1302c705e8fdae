"""Holding a run in which too many turn red at once, until two people let it settle or refuse it.

1,317 people once turned red for no health reason; a run that does such a thing shows nobody anything before somebody has looked.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Sum, TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import Registration, Run
from codes.runs.ledger import ClaimLost, move_on, open_run
from regions.journal.record import record
from regions.proposals import require_another, require_role
from regions.refusals import MovedMeanwhile
from regions.staff.roles import Role
from regions.tenancy import current_city

# Below this number a share says little: three of a hundred people may well meet the same case.
LEAST_TURNED_RED = 200
DECIDERS = (Role.APPROVER, Role.SYSTEM_ADMIN)


class HoldReason(TextChoices):
    """Why a held run is not decided about, beside what holds for everything two people decide."""

    NOT_HELD = "not_held", _("This run is not held any more; somebody may have been quicker. Reload the page.")
    OVERTAKEN = "overtaken", _("A later run has begun or settled; this one is overtaken and can only be refused.")


def mass_flip(run: Run) -> str:
    """Why the run is to be held; empty when it is not: the city's first run, few people, or released by two."""
    last = Run.objects.settled().filter(pk__lt=run.pk).first()
    if run.released_at or last is None:
        return ""
    turned = sum(partition.counts.get("turned_red", 0) for partition in run.partitions.all())
    if turned < LEAST_TURNED_RED:
        return ""
    registered = last.providers.aggregate(all=Sum("registered"))["all"] or Registration.objects.count()
    share, limit = turned / max(registered, 1), current_city().mass_flip_share
    if share <= limit:
        return ""
    return f"{turned} of {registered} registrations would turn red at once ({share:.1%}; the limit is {limit:.1%})"


def hold(run: Run, told: str, *, now: datetime) -> Run:
    """End the run as held: its history is there to look at, and the city shows what it showed before. Raises ``ClaimLost``."""
    with transaction.atomic():
        if not move_on(run, Run.State.HELD, ended_at=now, message=told):
            raise ClaimLost(f"run {run.pk}")
        record("run.held", by="system", now=now, subject=f"run:{run.pk}", data={"why": told})
    return Run.objects.get(pk=run.pk)


def release(run_id: int, *, by: str, now: datetime) -> Run:
    """Let a held run settle: the first person asks, a second one decides, and it is settling. Raises ``Refused``."""
    require_role(by, *DECIDERS)
    with transaction.atomic():
        run = _held(run_id)
        if not run.release_asked_by:
            run.release_asked_by, run.release_asked_at = by, now
            run.save(update_fields=["release_asked_by", "release_asked_at"])
            record("run.release_asked", by=by, now=now, subject=f"run:{run.pk}", data={"why": run.message})
            return run
        require_another(by, proposed_by=run.release_asked_by)
        if open_run() or Run.objects.settled().filter(pk__gt=run.pk).exists():
            raise MovedMeanwhile(HoldReason.OVERTAKEN)
        run.released_by, run.released_at = by, now
        run.state, run.ended_at, run.message = Run.State.SETTLING, None, ""
        run.save(update_fields=["released_by", "released_at", "state", "ended_at", "message"])
        record("run.released", by=by, now=now, subject=f"run:{run.pk}", data={"asked_by": run.release_asked_by})
    return run


def refuse(run_id: int, *, by: str, reason: str, now: datetime) -> Run:
    """Give a held run up: it counts for nothing. Raises ``Refused``."""
    require_role(by, *DECIDERS)
    with transaction.atomic():
        run = _held(run_id)
        run.state, run.message = Run.State.FAILED, f"refused by {by}: {reason}"
        run.save(update_fields=["state", "message"])
        record("run.refused", by=by, now=now, subject=f"run:{run.pk}", data={"reason": reason})
    return run


def _held(run_id: int) -> Run:
    run = Run.objects.select_for_update().filter(pk=run_id, state=Run.State.HELD).first()
    if run is None:
        raise MovedMeanwhile(HoldReason.NOT_HELD)
    return run
