"""A run, step by step: collect and freeze → partitions → settle. Called by tasks and by ``recompute --here`` alike."""

from collections.abc import Callable
from contextlib import suppress

from django.db import transaction

from codes.intake.collecting import collect_source
from codes.models import Run, RunSource
from codes.runs.freeze import freeze_providers, make_partitions
from codes.runs.ledger import ClaimLost, all_partitions_ended, claim_step, give_back, move_on, unfinished_partitions
from codes.runs.mend import mend_owed
from codes.runs.partitions import park_poisoned, work_partition
from codes.runs.settle import settle
from codes.statistics import EVIDENCE, refresh_statistics
from regions.leased_jobs import Attempt, Clock
from regions.sources.batches import AlreadyCollecting
from regions.sources.models import Batch, Source


def advance(run_id: int, *, clock: Clock) -> list[int]:
    """Do what the run's state asks for; the numbers of the partitions to ring for. Safe to call at any time, any number of times.

    ``clock`` serves leases only. What the run computes depends on its own ``as_of``.
    """
    run = Run.objects.get(pk=run_id)
    if run.state == Run.State.COLLECTING:
        _collect_and_freeze(run_id, clock=clock)
    elif run.state == Run.State.EVALUATING:
        park_poisoned(run_id, now=clock())
        if all_partitions_ended(run_id):
            Run.TRANSITIONS.move(Run.objects.filter(pk=run_id), "judge", lease_until=None)
    if Run.objects.filter(pk=run_id, state=Run.State.SETTLING).exists():
        _settle(run_id, clock=clock)
    return [partition.number for partition in unfinished_partitions(run_id, now=clock())]


def run_here(run_id: int, *, clock: Clock, progress: Callable[[Run], None]) -> Run:
    """Bring the run to its end in this process."""
    while True:
        waiting = advance(run_id, clock=clock)
        run = Run.objects.get(pk=run_id)
        progress(run)
        if run.state not in Run.OPEN:
            return run
        for number in waiting:
            work_partition(run_id, number, now=clock())
            progress(run)


def _collect_and_freeze(run_id: int, *, clock: Clock) -> None:
    run = claim_step(run_id, Run.State.COLLECTING, now=clock())
    if run is None:
        return
    with Attempt(lambda error: give_back(run, step="collecting", error=error, now=clock())):
        if run.collects:
            _collect(run)
        with transaction.atomic():
            if move_on(run, Run.State.EVALUATING):
                refresh_statistics(EVIDENCE)
                freeze_providers(run)
                make_partitions(run)


def _collect(run: Run) -> None:
    """Collect each source once; a source that fails is noted, and the run goes on with the horizon it had."""
    done = set(run.sources.values_list("source_id", flat=True))
    for source in Source.objects.exclude(pk__in=done).order_by("code"):
        batch, message = None, "it is being collected by somebody else"
        with suppress(AlreadyCollecting):
            batch = collect_source(source, now=run.as_of, by="system")
            message = batch.message
        failed = batch is None or batch.state != Batch.State.ACCEPTED
        RunSource.objects.get_or_create(
            run=run, source=source, defaults={"batch": batch, "failed": failed, "message": message if failed else ""}
        )


def _settle(run_id: int, *, clock: Clock) -> None:
    run = claim_step(run_id, Run.State.SETTLING, now=clock())
    if run is None:
        return
    with (
        Attempt(lambda error: give_back(run, step="settling", error=error, now=clock())),
        suppress(ClaimLost),
        transaction.atomic(),
    ):
        settle(run, now=clock())
        mend_owed(now=clock())  # what was decided while it worked; nobody sees the city in between
