"""The row of a run: start it, claim its steps, end it. Every transition is a compare-and-set on the database row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from time import monotonic
from typing import Any
from zlib import crc32

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Max, Q, TextChoices
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _

from codes.effective import lock_effective_codes
from codes.models import Partition, Run, RunError, RunFault, RunStep
from regions.actors import SYSTEM
from regions.journal.record import record
from regions.leased_jobs import MAX_ATTEMPTS, claim, error_fault, free, unclaimed
from regions.locks import advisory_lock
from regions.proposals import require_role_or_operator
from regions.refusals import Refused
from regions.staff.roles import Role
from regions.tenancy import current_city

SCHEDULE = SYSTEM
# An approver who refuses a held group starts a run that judges everybody again without the version that caused it.
MAY_START = (Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN, Role.APPROVER)

# Waiting longer for a clock that was set back would leave the codes of the last run to expire.
CLOCK_SET_BACK = timedelta(days=1)


class RunRefusal(TextChoices):
    """Why no run is opened."""

    DAY_TO_COME = "day_to_come", _("{day} is still to come: today is {today} in this city.")
    INSTANT_TO_COME = "instant_to_come", _("{as_of} is still to come: nobody can know what will be known then.")
    LATER_DAY_SETTLED = (
        "later_day_settled",
        _("{newest} has settled, so {day} can only be recomputed as history, which changes nothing that stands."),
    )
    LATER_INSTANT_SETTLED = (
        "later_instant_settled",
        _("{day} has settled by what was known at {newest}; what was known before can only be recomputed as history."),
    )
    OTHER_OPEN = "other_open", _("Another run is under way ({run}). Try again when it has ended.")


# Sent when a worker leaves a step or a partition, whatever the outcome, with run_id, step, number and seconds.
step_ended = Signal()


class ClaimLost(RuntimeError):
    """Another worker has taken over the step; this worker's work was rolled back."""


def start_run(
    *,
    by: str,
    now: datetime,
    day: date | None = None,
    as_of: datetime | None = None,
    collects: bool = True,
    history: bool = False,
    everybody: bool = False,
    proves: bool = False,
) -> tuple[Run, bool]:
    """Open a run of the city. Return the run and whether this call opened it: while one is open, every caller gets that one.

    ``day`` defaults to the day of ``as_of`` in the city's time zone, and ``as_of`` to ``now``; both are fixed from here on.
    ``history`` keeps the run's verdicts for its day and changes nothing that is current; no source is collected, because a new
    delivery was not known then. ``everybody`` judges also the people whose verdict cannot have changed, ``proves`` a thirtieth
    of them. Raises ``Refused`` with a ``RunRefusal``, or ``NotAllowed``.
    """
    require_role_or_operator(by, *MAY_START)
    as_of = as_of or now
    day = day or current_city().day_of(as_of)
    if Run.objects.open().exists():
        check_instants(day, as_of, now=now, history=history)
        if found := _joined(history):
            return found, False
    try:
        with transaction.atomic():
            lock_effective_codes()  # an amending run may be taking the day's next sequence number
            check_instants(day, as_of, now=now, history=history)
            run = Run.objects.create(
                day=day,
                sequence=Run.objects.next_sequence(day),
                as_of=as_of,
                collects=collects and not history,
                history=history,
                everybody=everybody or history,
                proves=proves,
                started_by=by,
                started_at=now,
            )
            data = {"day": str(day), "as_of": as_of.isoformat(), **({"history": True} if history else {})}
            record("run.started", by=by, now=now, subject=f"run:{run.pk}", data=data)
    except IntegrityError:  # another caller opened a run first; return that one
        found = _joined(history)
        if found is None:
            raise
        return found, False
    return run, True


def check_instants(day: date, as_of: datetime, *, now: datetime, history: bool) -> None:
    """Raise ``Refused`` if the day or the instant is in the future or before that of a settled run (``docs/semantics.md`` §4, Runs).

    A run of the same day with an earlier ``as_of`` would undo a settled run just as a run of an earlier day would: also after the
    clock was set back, until it has passed the instant of the last run again. Ignored are settled runs of a clock more than
    ``CLOCK_SET_BACK`` ahead, and those of the future, which earlier versions allowed: otherwise no other run could follow them.
    """
    city = current_city()
    today = city.day_of(now)
    if day > today:
        raise Refused(RunRefusal.DAY_TO_COME, day=day, today=today)
    if as_of > now:
        raise Refused(RunRefusal.INSTANT_TO_COME, as_of=as_of.astimezone(city.zone).isoformat())
    if history:
        return
    by_a_later_clock = Q(started_at__gt=now, started_at__lte=now + CLOCK_SET_BACK, as_of__lte=F("started_at"))
    settled = Run.objects.settled().filter(Q(day__lte=today, as_of__lte=now) | by_a_later_clock)
    newest = settled.order_by("-day", "-as_of").first()
    if newest is None:
        return
    if day < newest.day:
        raise Refused(RunRefusal.LATER_DAY_SETTLED, day=day, newest=newest.day)
    if day == newest.day and as_of < newest.as_of:
        known_at = newest.as_of.astimezone(city.zone).isoformat()
        raise Refused(RunRefusal.LATER_INSTANT_SETTLED, day=day, newest=known_at)


def _joined(history: bool) -> Run | None:
    """Return the open run, if any. Raises ``Refused`` if it or the requested run is a run of history."""
    found = Run.objects.open().first()
    if found and (history or found.history):
        raise Refused(RunRefusal.OTHER_OPEN, run=found)
    return found


def run_to_wake(*, now: datetime) -> Run | None:
    """Return the open run if there may be no task in the broker for it, else ``None``.

    While a worker holds one of its partitions and no partition has been left unfinished, the others are already enqueued.
    """
    run = Run.objects.open().first()
    if run is None or (run.lease_until and run.lease_until >= now):
        return None
    partitions = Partition.objects.filter(run=run)
    at_work = partitions.filter(state=Partition.State.CLAIMED, lease_until__gte=now)
    died = Q(state=Partition.State.CLAIMED, lease_until__lt=now)
    failed = Q(state=Partition.State.PENDING, attempts__gt=0)
    return None if at_work.exists() and not partitions.filter(died | failed).exists() else run


@contextmanager
def timed_step(run_id: int, step: RunStep, number: int | None = None) -> Iterator[None]:
    """Send ``step_ended`` with the duration of the block. A receiver that raises does not make the block fail."""
    began = monotonic()
    try:
        yield
    finally:
        seconds = monotonic() - began
        step_ended.send_robust(sender=Run, run_id=run_id, step=step, number=number, seconds=seconds)


def claim_step(run_id: int, state: str, *, now: datetime) -> Run | None:
    """Claim the run's current step. Return ``None`` if the run is not in ``state`` or another worker holds it."""
    return claim(Run.objects.filter(unclaimed(now=now), pk=run_id, state=state), now=now)


def move_on(run: Run, state: str, **changes: Any) -> bool:
    """Move from the claimed step to the next state. Return false if another worker has taken over the claim."""
    return run.leave(state, attempts=0, **changes)


STEP_FAILED = {RunStep.COLLECTING: RunFault.COLLECTING_FAILED, RunStep.SETTLING: RunFault.SETTLING_FAILED}


def give_back(run: Run, *, step: RunStep, error: Exception, now: datetime) -> None:
    """Record a failed attempt at a step. After the last allowed attempt the run ends as failed, with the reason."""
    _, params = error_fault(error)
    with transaction.atomic():
        RunError.objects.create(run=run, at=now, step=step, message=params["error"])
        if run.attempts >= MAX_ATTEMPTS:
            why = {"fault": STEP_FAILED[step], "params": {"attempts": run.attempts, **params}}
            if move_on(run, Run.State.FAILED, ended_at=now, **why):
                record("run.failed", by=SYSTEM, now=now, subject=f"run:{run.pk}", data={"step": step})
        else:
            run.leave(run.state)


def unfinished_partitions(run_id: int, *, now: datetime) -> Sequence[Partition]:
    """Return the partitions that a worker can claim now."""
    return list(free(Partition.objects.filter(run=run_id), now=now).order_by("number"))


def all_partitions_ended(run_id: int) -> bool:
    ended = [Partition.State.DONE, Partition.State.PARKED]
    return not Partition.objects.filter(run=run_id).exclude(state__in=ended).exists()


FIRST_MINUTE = time(4, 0)
SPREAD_MINUTES = 120
# After a failure the day's run is not tried again with every beat, but after this time.
PAUSE_AFTER_FAILURE = timedelta(minutes=10)


def start_if_due(*, now: datetime) -> Run | None:
    """Open today's run if its minute has been reached and no run since then counts as the day's run.

    A run that began earlier, failed, judges another day or collected no source does not count: what the sources recorded
    overnight would wait for a day (``docs/semantics.md`` §4, Validity).
    """
    if now < _due_on(current_city().day_of(now)):
        return None
    with transaction.atomic():
        # Of two simultaneous beats the second waits here and then sees the run of the first, even if it has ended already.
        advisory_lock("scheduled run")
        if next_attempt(now=now) > now:
            return None
        try:
            run, opened = start_run(by=SCHEDULE, now=now, proves=True)
        except Refused:
            # A run of history was opened first. The next beat tries again; other cities do not wait for this one.
            return None
    return run if opened else None


def next_attempt(*, now: datetime) -> datetime:
    """Return the instant from which the next scheduled run opens if none is open: today's, its retry after a failure, or tomorrow's."""
    today = current_city().day_of(now)
    due = _due_on(today)
    if now < due:
        return due
    counts = Q(as_of__gte=due, collects=True, state__in=[*Run.OPEN, *Run.SETTLED])
    failed = Q(state=Run.State.FAILED, started_by=SCHEDULE)
    found = Run.objects.filter(started_at__gte=due, day=today).aggregate(
        counting=Count("pk", filter=counts), failed=Max("ended_at", filter=failed)
    )
    if found["counting"]:
        return next_run_due(now=now)
    return max(now, found["failed"] + PAUSE_AFTER_FAILURE) if found["failed"] else now


def _due_on(day: date) -> datetime:
    city = current_city()
    return datetime.combine(day, FIRST_MINUTE, city.zone) + stagger(city.schema_name)


def next_run_due(*, now: datetime) -> datetime:
    """Return when the city's next scheduled run opens. What is entered now counts from then on."""
    today = current_city().day_of(now)
    return next(due for due in (_due_on(today), _due_on(today + timedelta(days=1))) if due > now)


def stagger(schema: str) -> timedelta:
    return timedelta(minutes=crc32(schema.encode()) % SPREAD_MINUTES)
