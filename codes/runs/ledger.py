"""The run's row: starting it, claiming its steps, ending it. Every move is compare-and-set on the database's own row."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zlib import crc32

from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from codes.effective import lock_effective_codes
from codes.models import Partition, Run, RunError, RunFault, RunStep
from regions.journal.record import record
from regions.leased_jobs import MAX_ATTEMPTS, claim, error_fault, free
from regions.tenancy import current_city

STEP_LEASE = timedelta(minutes=10)


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
            lock_effective_codes()  # an amending run may be taking the day's next number
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
    unclaimed = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    return claim(Run.objects.filter(unclaimed, pk=run_id, state=state), now=now, lease=STEP_LEASE)


def move_on(run: Run, state: str, **changes: Any) -> bool:
    """Leave the claimed step for the next state; false when the claim was lost to another worker meanwhile."""
    return run.leave(state, attempts=0, **changes)


STEP_FAILED = {RunStep.COLLECTING: RunFault.COLLECTING_FAILED, RunStep.SETTLING: RunFault.SETTLING_FAILED}


def give_back(run: Run, *, step: RunStep, error: Exception, now: datetime) -> None:
    """Note a failed attempt at a step; after the last one the run ends as failed, with the reason."""
    _, params = error_fault(error)
    with transaction.atomic():
        RunError.objects.create(run=run, at=now, step=step, message=params["error"])
        if run.attempts >= MAX_ATTEMPTS:
            why = {"fault": STEP_FAILED[step], "params": {"attempts": run.attempts, **params}}
            if move_on(run, Run.State.FAILED, ended_at=now, **why):
                record("run.failed", by="system", now=now, subject=f"run:{run.pk}", data={"step": step})
        else:
            run.leave(run.state)


def unfinished_partitions(run_id: int, *, now: datetime) -> Sequence[Partition]:
    """Partitions that some worker should take."""
    return list(free(Partition.objects.filter(run=run_id), now=now).order_by("number"))


def all_partitions_ended(run_id: int) -> bool:
    ended = [Partition.State.DONE, Partition.State.PARKED]
    return not Partition.objects.filter(run=run_id).exclude(state__in=ended).exists()


FIRST_MINUTE = time(4, 0)
SPREAD_MINUTES = 120


def start_if_due(*, now: datetime) -> Run | None:
    """Open today's run when its minute has come and the day has none yet."""
    city = current_city()
    local = now.astimezone(city.zone)
    due = datetime.combine(local.date(), FIRST_MINUTE, city.zone) + stagger(city.schema_name)
    if local < due or Run.objects.filter(day=local.date()).exists():
        return None
    run, opened = start_run(by="system", now=now)
    return run if opened else None


def stagger(schema: str) -> timedelta:
    return timedelta(minutes=crc32(schema.encode()) % SPREAD_MINUTES)
