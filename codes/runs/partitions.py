"""The partitions of a run: made from the people to judge, then claimed and judged by workers.

Each is judged in one short transaction, which is rolled back if another worker has taken over.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from codes.diagnosis.diagnose import prepare_diagnoses
from codes.engine.query import COMING, DAILY_VERDICTS, DAILY_VERDICTS_ACROSS_VERSIONS, verdicts_of
from codes.engine.subjects import (
    ALL_FACTS,
    DAILY,
    DUE,
    DUE_FACTS,
    DUE_IN_RANGE,
    JUDGED_BY_RUN,
    NAMED,
    NAMED_BY_RUN,
)
from codes.models import Partition, RuleSetVersion, Run, RunError, RunStep
from codes.runs.ledger import timed_step
from regions.actors import SYSTEM
from regions.attempts import attempt
from regions.journal.record import record
from regions.leased_jobs import DIED, Clock, claim_job, dead, error_fault
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
REMEMBER, KEEP = compose(SQL, "remember"), compose(SQL, "keep")


def _of(people: str, table: str) -> str:
    """Return the relation of the table's rows about the citizens selected by the query ``people``."""
    return compose(SQL, "of", people=people, table=table)


def _of_range(table: str) -> str:
    return compose(SQL, "of_range", table=table)


def _of_nobody(table: str) -> str:
    return compose(SQL, "of_nobody", table=table)


# The SQL that stores when each verdict can change next, for every citizen.
REMEMBER_ALL = f"{REMEMBER}{compose(SQL, 'awaited', next_changes=_of_range('codes_nextchange'))}"


KNOWN = "SELECT DISTINCT citizen_id FROM codes_fact"
# The number of partitions is a multiple of this, so that two or four workers have equal shares of them. Two partitions remain two.
SHARES = 4


def make_partitions(run: Run) -> int:
    """Divide the citizens into ranges with equal numbers of people to judge. Return the number of ranges.

    The last range has no upper bound.
    """
    with connection.cursor() as cursor:
        divide = compose(SQL, "divide", people=KNOWN if run.everybody else JUDGED_BY_RUN)
        cursor.execute(divide, {"run": run.pk, "most": settings.PARTITION_CITIZENS, "shares": SHARES})
        ends = [end for (end,) in cursor.fetchall()]
    ranges = pairwise([0, *ends[:-1], 2**62])
    rows = [Partition(run=run, number=n, low=low, high=high) for n, (low, high) in enumerate(ranges, start=1)]
    return len(Partition.objects.bulk_create(rows))


@dataclass(frozen=True)
class Evaluated:
    """Counts of people and subjects judged, verdicts not green, changes, changes to red and to green; SHA-256 of the changed rows."""

    people: int
    subjects: int
    held: int
    changed: int
    turned_red: int
    turned_green: int
    digest: str


def evaluate_range(*, run: Run, low: int, high: int, zone: str) -> Evaluated:
    """Judge the citizens with ``low`` ≤ id < ``high``; only those who are due, unless the run judges everybody.

    Store the changes of verdicts and when each verdict can change next. Call in a transaction. A run of history is not compared
    with the current verdicts: it stores every verdict that is not green as a change.
    """
    parameters = {"low": low, "high": high, "zone": zone}
    if run.history:
        return _evaluate(run, DAILY, _of_nobody, parameters)
    last = Run.objects.last_settled()
    parameters["base"] = last.pk if last else 0
    if run.everybody:
        return _evaluate(run, DAILY, _of_range, parameters, remembers=True)
    return _evaluate(run, DUE, partial(_of, DUE_IN_RANGE), parameters, remembers=True, reads_from=DUE_FACTS)


def evaluate_named(*, run: Run, zone: str) -> Evaluated:
    """Judge the people whom an amending run names, and store the changes of verdicts. Call in a transaction."""
    return _evaluate(run, NAMED, partial(_of, NAMED_BY_RUN), {"zone": zone})


def _evaluate(
    run: Run,
    subjects: str,
    rows: Callable[[str], str],
    parameters: dict[str, Any],
    *,
    remembers: bool = False,
    reads_from: str = ALL_FACTS,
) -> Evaluated:
    today = DAILY_VERDICTS_ACROSS_VERSIONS if _later_versions(run) else DAILY_VERDICTS
    steps = [
        verdicts_of(subjects, reads_from=reads_from),
        today,
        compose(SQL, "changed", verdicts=rows("codes_verdict")),
    ]
    if remembers:
        steps += [COMING, REMEMBER]
    with connection.cursor() as cursor:
        statement = compose(
            SQL,
            "write",
            judged=",\n".join(steps),
            awaited=compose(SQL, "awaited", next_changes=rows("codes_nextchange")) if remembers else "",
            remember=KEEP if remembers else "",
        )
        cursor.execute(statement, {"run": run.pk, **parameters})
        return Evaluated(*cursor.fetchone())


def _later_versions(run: Run) -> bool:
    known = RuleSetVersion.objects.filter(effective_from__gt=run.day, created_at__lte=run.as_of)
    return known.exclude(withdrawn_at__lte=run.as_of).exists()


# Limits, in leases, after which PostgreSQL cancels a statement that takes far longer than any should, and ends the idle
# transaction of a worker that has stopped, whose locks would block its successor.
STATEMENT_LEASES = 3
IDLE_LEASES = 5 / 6
# How often PostgreSQL checks that the client is still connected. The statement of a killed worker runs on, and keeps its locks,
# until then.
LOOK_FOR_CLIENT = "1s"


class Fenced(RuntimeError):
    """Another worker took over the partition; this worker's write was rolled back."""


def work_partition(run_id: int, number: int, *, clock: Clock) -> bool:
    """Judge one partition unless it has ended or another worker has claimed it. Return whether this call finished it."""
    waiting = Partition.objects.filter(run=run_id, number=number, run__state=Run.State.EVALUATING)
    partition = claim_job(waiting.select_related("run"), now=clock())
    if partition is None:
        return False
    failed = partial(_note_failure, partition, clock=clock)
    with (
        suppress(DatabaseError),
        attempt(partition, failed, clock=clock),
        suppress(Fenced),
        timed_step(run_id, RunStep.PARTITION, number),
        transaction.atomic(),
    ):
        _evaluate_partition(partition, now=clock())
        return True
    return False


def park_poisoned(run_id: int, *, now: datetime) -> int:
    """Park the partitions whose workers died as many times as is allowed. Return the number of parked partitions."""
    fault, params = DIED
    poisoned = dead(Partition.objects.filter(run=run_id), now=now)
    return Partition.TRANSITIONS.move(poisoned, "park", lease_until=None, fault=fault, params=params)


def _evaluate_partition(partition: Partition, *, now: datetime) -> None:
    milliseconds = settings.LEASE.total_seconds() * 1000
    limits = {
        "statement_timeout": f"{milliseconds * STATEMENT_LEASES:.0f}ms",
        "idle_in_transaction_session_timeout": f"{milliseconds * IDLE_LEASES:.0f}ms",
        "client_connection_check_interval": LOOK_FOR_CLIENT,
    }
    with connection.cursor() as cursor:
        settings_of = ", ".join(["set_config(%s, %s, true)"] * len(limits))
        cursor.execute(f"SELECT {settings_of}", list(chain.from_iterable(limits.items())))
    zone = current_city().timezone
    done = evaluate_range(run=partition.run, low=partition.low, high=partition.high, zone=zone)
    if done.changed and not partition.run.history:
        prepare_diagnoses(partition.run, low=partition.low, high=partition.high)
    counts = asdict(done)
    digest = counts.pop("digest")
    if not partition.leave(Partition.State.DONE, counts=counts, digest=digest):
        raise Fenced(f"partition {partition.number}")
    subject = f"run:{partition.run_id}/{partition.number}"
    record("partition.judged", by=SYSTEM, now=now, subject=subject, data={**counts, "digest": digest})


def _note_failure(partition: Partition, error: Exception, *, clock: Clock) -> None:
    fault, params = error_fault(error)
    with transaction.atomic():
        RunError.objects.create(
            run=partition.run, at=clock(), step=RunStep.PARTITION, number=partition.number, message=params["error"]
        )
        if not partition.give_back():
            partition.leave(Partition.State.PARKED, fault=fault, params=params)
