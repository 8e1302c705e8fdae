"""The end of a run, in one transaction: settled, or held until two people release or refuse it because too many turned red."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum, TextChoices
from django.utils.translation import gettext_lazy as _

from codes.diagnosis.diagnose import diagnose_new, group_cases
from codes.disagreements import settle_disagreements
from codes.effective import settle_effective_codes
from codes.models import Registration, Run, RunFault
from codes.review.cases.run_effects import settle_cases
from codes.runs.ledger import ClaimLost, move_on, open_run
from codes.statistics import FINDINGS, refresh_statistics
from regions.journal.record import record
from regions.proposals import require_another, require_role
from regions.refusals import MovedMeanwhile
from regions.sql import compose
from regions.staff.roles import Role
from regions.tenancy import current_city

# Below this number a share says little: three of a hundred people may well meet the same case.
LEAST_TURNED_RED = 200
DECIDERS = (Role.APPROVER, Role.SYSTEM_ADMIN)


class HoldReason(TextChoices):
    """Why a held run is not decided about, beside what holds for everything two people decide."""

    NOT_HELD = "not_held", _("This run is not held any more; somebody may have been quicker. Reload the page.")
    OVERTAKEN = "overtaken", _("A later run has begun or settled; this one is overtaken and can only be refused.")


def mass_flip(run: Run) -> dict[str, Any]:
    """The numbers for which the run is to be held; empty when it is not: the first run, few people, or released by two."""
    last = Run.objects.settled().filter(pk__lt=run.pk).first()
    if run.released_at or last is None:
        return {}
    turned = sum(partition.counts.get("turned_red", 0) for partition in run.partitions.all())
    if turned < LEAST_TURNED_RED:
        return {}
    registered = last.providers.aggregate(all=Sum("registered"))["all"] or Registration.objects.count()
    share, limit = turned / max(registered, 1), current_city().mass_change_share
    if share <= limit:
        return {}
    return {"turned": turned, "registered": registered, "share": f"{share:.1%}", "limit": f"{limit:.1%}"}


def hold(run: Run, numbers: Mapping[str, Any], *, now: datetime) -> Run:
    """End the run as held: its history is there to look at, and the city shows what it showed before. Raises ``ClaimLost``."""
    with transaction.atomic():
        if not move_on(run, Run.State.HELD, ended_at=now, fault=RunFault.MASS_FLIP, params=numbers):
            raise ClaimLost(f"run {run.pk}")
        held = Run.objects.get(pk=run.pk)
        record("run.held", by="system", now=now, subject=f"run:{run.pk}", data={"why": held.message})
    return held


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
        released = {"released_by": by, "released_at": now, "ended_at": None, "fault": "", "params": {}}
        Run.TRANSITIONS.move(Run.objects.filter(pk=run.pk), "release", **released)
        record("run.released", by=by, now=now, subject=f"run:{run.pk}", data={"asked_by": run.release_asked_by})
    return Run.objects.get(pk=run_id)


def refuse(run_id: int, *, by: str, reason: str, now: datetime) -> Run:
    """Give a held run up: it counts for nothing. Raises ``Refused``."""
    require_role(by, *DECIDERS)
    with transaction.atomic():
        run = _held(run_id)
        why = {"fault": RunFault.REFUSED, "params": {"by": by, "reason": reason}}
        Run.TRANSITIONS.move(Run.objects.filter(pk=run.pk), "refuse", **why)
        record("run.refused", by=by, now=now, subject=f"run:{run.pk}", data={"reason": reason})
    return Run.objects.get(pk=run_id)


def _held(run_id: int) -> Run:
    run = Run.objects.select_for_update().filter(pk=run_id, state=Run.State.HELD).first()
    if run is None:
        raise MovedMeanwhile(HoldReason.NOT_HELD)
    return run


# The locks of a worker that stopped while it settled are gone before its lease is.
IDLE_SECONDS = 300

SQL = Path(__file__).with_suffix(".sql")
COUNT = compose(SQL, "count")


APPLY = compose(SQL, "apply")


def apply_changes(run: Run) -> None:
    """Make the run's history what the city shows. Call in the settling transaction."""
    with connection.cursor() as cursor:
        cursor.execute(APPLY, {"run": run.pk})


def settle(run: Run, *, now: datetime) -> Run:
    """Settle a claimed run whose partitions have all ended, or hold it for two people. Raises ``ClaimLost``."""
    if numbers := mass_flip(run):
        return hold(run, numbers, now=now)
    changed = sum(partition.counts.get("changed", 0) for partition in run.partitions.all())
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [f"{IDLE_SECONDS}s"])
            apply_changes(run)
            refresh_statistics(FINDINGS, changed=changed > 0)
            cursor.execute(COUNT, [run.pk])
        counts: dict[str, Any] = {"effective_changes": settle_effective_codes(run)}
        counts["disagreements"] = asdict(settle_disagreements(run))
        refresh_statistics(["codes_disagreement"], changed=counts["disagreements"]["opened"] > 0)
        counts["causes"] = diagnose_new(run)
        # Emptied tables that autovacuum has seen are taken for empty, and their primary key is walked for every new case.
        refresh_statistics(["codes_pairdiagnosis"], changed=bool(counts["causes"]))
        counts["cases"] = asdict(settle_cases(run, now=now))
        group_cases(run)
        incomplete = bool(run.missing_parts())
        state, fault = (Run.State.PARTIAL, RunFault.INCOMPLETE) if incomplete else (Run.State.DONE, "")
        if not move_on(run, state, ended_at=now, fault=fault, counts=counts):
            raise ClaimLost(f"run {run.pk}")
        record("run.settled", by="system", now=now, subject=f"run:{run.pk}", data={"state": state, **counts})
    return Run.objects.get(pk=run.pk)
