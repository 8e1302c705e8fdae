"""The run's row: starting it, claiming its steps, ending it. Every move is compare-and-set on the database's own row."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q

from codes.effective import hold_effective_codes
from codes.models import Partition, Run, RunError
from regions.journal.record import record
from regions.tenancy import current_city

STEP_LEASE = timedelta(minutes=10)
MAX_ATTEMPTS = 3


class ClaimLost(RuntimeError):
    """Another worker has taken the step over; this one's work was rolled back."""


def start_run(
    *, by: str, now: datetime, day: date | None = None, as_of: datetime | None = None, collects: bool = True
) -> tuple[Run, bool]:
    """Open the city's run: (run, whether it was opened now). While one is open, everybody who asks gets that one.

    ``day`` defaults to the day of ``as_of`` in the city's zone, ``as_of`` to ``now``; both are fixed from here on.
    """
    as_of = as_of or now
    day = day or current_city().day_of(as_of)
    if found := open_run():
        return found, False
    try:
        with transaction.atomic():
            hold_effective_codes()  # a mending run may be taking the day's next number
            last = Run.objects.filter(day=day).aggregate(Max("sequence"))["sequence__max"] or 0
            run = Run.objects.create(
                day=day, sequence=last + 1, as_of=as_of, collects=collects, started_by=by, started_at=now
            )
            record(
                "run.started",
                by=by,
                now=now,
                subject=f"run:{run.pk}",
                data={"day": str(day), "as_of": as_of.isoformat()},
            )
    except IntegrityError:  # another starter was quicker; theirs is the run
        found = open_run()
        if found is None:
            raise
        return found, False
    return run, True


def open_run() -> Run | None:
    """The run that has not ended, if any: the database allows one per city."""
    return Run.objects.filter(state__in=Run.OPEN).first()


def claim_step(run_id: int, state: str, *, now: datetime) -> Run | None:
    """Take the run's present step for this worker; none when it is past that step or another holds it."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    with transaction.atomic():  # or a worker that stops between the two would read the fence of its successor
        taken = Run.objects.filter(free, pk=run_id, state=state).update(
            fence=F("fence") + 1, lease_until=now + STEP_LEASE, attempts=F("attempts") + 1
        )
        return Run.objects.get(pk=run_id) if taken else None


def move_on(run: Run, state: str, **changes: Any) -> bool:
    """Leave the claimed step for the next state; false when the claim was lost to another worker meanwhile."""
    moved = Run.objects.filter(pk=run.pk, fence=run.fence, state=run.state).update(
        state=state, lease_until=None, attempts=0, **changes
    )
    return moved == 1


def give_back(run: Run, *, step: str, error: Exception, now: datetime) -> None:
    """Note a failed attempt at a step; after the last one the run ends as failed, with the reason."""
    message = f"{type(error).__name__}: {error}"[:2000]
    with transaction.atomic():
        RunError.objects.create(run=run, at=now, step=step, message=message)
        if run.attempts >= MAX_ATTEMPTS:
            if move_on(run, Run.State.FAILED, ended_at=now, message=f"{step} failed {run.attempts} times: {message}"):
                record("run.failed", by="system", now=now, subject=f"run:{run.pk}", data={"step": step})
        else:
            Run.objects.filter(pk=run.pk, fence=run.fence).update(lease_until=None)


def unfinished_partitions(run_id: int, *, now: datetime) -> Sequence[Partition]:
    """Partitions nobody is working on: never claimed, or claimed by a worker whose lease has run out."""
    waiting = Q(state=Partition.State.PENDING) | Q(state=Partition.State.CLAIMED, lease_until__lt=now)
    return list(Partition.objects.filter(waiting, run=run_id).order_by("number"))


def all_partitions_ended(run_id: int) -> bool:
    ended = [Partition.State.DONE, Partition.State.PARKED]
    return not Partition.objects.filter(run=run_id).exclude(state__in=ended).exists()
