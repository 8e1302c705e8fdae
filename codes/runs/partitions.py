"""Working a partition: claim it, judge it in one short transaction, and let a late worker's write fall at the fence."""

from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction

from codes.models import Partition, Run, RunError
from codes.runs.evaluate import evaluate_range
from regions.journal.record import record
from regions.leased_jobs import DIED, claim_job, dead
from regions.tenancy import current_city

LEASE = timedelta(seconds=60)
# A partition is one statement, so instead of a heartbeat the database ends the statement before its lease can run out – and
# the transaction of a worker that stopped in it, whose locks would hold up its successor.
STATEMENT_SECONDS = 50


class Fenced(RuntimeError):
    """Another worker took the partition over; this one's write was rolled back."""


def work_partition(run_id: int, number: int, *, now: datetime) -> bool:
    """Judge one partition unless it is done or in other hands; whether this call finished it."""
    waiting = Partition.objects.filter(run=run_id, number=number, run__state=Run.State.EVALUATING)
    partition = claim_job(waiting.select_related("run"), now=now, lease=LEASE)
    if partition is None:
        return False
    try:
        with transaction.atomic():
            _evaluate(partition, now=now)
    except Fenced:
        return False
    except DatabaseError as error:
        _note_failure(partition, error, now=now)
        return False
    return True


def park_poisoned(run_id: int, *, now: datetime) -> int:
    """Park partitions whose workers died on them as often as one may; how many."""
    poisoned = dead(Partition.objects.filter(run=run_id), now=now)
    return Partition.TRANSITIONS.move(poisoned, "park", lease_until=None, error=DIED)


def _evaluate(partition: Partition, *, now: datetime) -> None:
    with connection.cursor() as cursor:
        for timeout in ("statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute("SELECT set_config(%s, %s, true)", [timeout, f"{STATEMENT_SECONDS}s"])
    zone = current_city().timezone
    done = evaluate_range(run=partition.run, low=partition.low, high=partition.high, zone=zone)
    counts = asdict(done)
    digest = counts.pop("digest")
    if not partition.leave(Partition.State.DONE, counts=counts, digest=digest):
        raise Fenced(f"partition {partition.number}")
    subject = f"run:{partition.run_id}/{partition.number}"
    record("partition.judged", by="system", now=now, subject=subject, data={**counts, "digest": digest})


def _note_failure(partition: Partition, error: Exception, *, now: datetime) -> None:
    message = f"{type(error).__name__}: {error}"[:2000]
    with transaction.atomic():
        RunError.objects.create(run=partition.run, at=now, step=f"partition {partition.number}", message=message)
        if not partition.give_back():
            partition.leave(Partition.State.PARKED, error=message)
