"""The steps of a run: collect and freeze → partitions → settle. Called by the tasks and by ``recompute --here``."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, QuerySet

from codes.diagnosis.diagnose import forget_prepared
from codes.display.findings import update_findings
from codes.intake.collecting import collect_source
from codes.models import (
    CollectingFault,
    Provider,
    RuleSetVersion,
    Run,
    RunProvider,
    RunSource,
    RunStep,
    WhyUnknown,
)
from codes.runs.amend import amend_owed
from codes.runs.due import choose_people
from codes.runs.ledger import (
    ClaimLost,
    all_partitions_ended,
    claim_step,
    give_back,
    move_on,
    timed_step,
    unfinished_partitions,
)
from codes.runs.partitions import make_partitions, park_poisoned, work_partition
from codes.runs.settle import settle
from codes.statistics import EVIDENCE, refresh_statistics
from regions.actors import SYSTEM
from regions.attempts import attempt
from regions.leased_jobs import Clock
from regions.sources.batches import AlreadyCollecting
from regions.sources.models import Batch, Source


def freeze_providers(run: Run) -> list[RunProvider]:
    """Store the inputs on which each provider's verdicts in this run are based (``docs/semantics.md`` §2, §3)."""
    versions = {one.rule_set_id: one for one in RuleSetVersion.objects.in_force(run.day)}
    horizon = Batch.objects.horizon_of(OuterRef("source"), known_at=run.as_of)
    providers = _providers_of(run).select_related("source").annotate(horizon=horizon).order_by("code")
    return RunProvider.objects.bulk_create(_frozen(run, one, versions.get(one.rule_set_id)) for one in providers)


def _providers_of(run: Run) -> QuerySet[Provider]:
    """Return the current providers, and for a past day also those that were judged then and have been retired since."""
    then = Run.objects.settled().filter(day__lte=run.day).first() if run.history else None
    if then is None:
        return Provider.objects.current()
    return Provider.objects.current() | Provider.objects.filter(pk__in=then.providers.values("provider"))


def _frozen(run: Run, provider: Provider, version: RuleSetVersion | None) -> RunProvider:
    horizon: datetime | None = provider.horizon  # type: ignore[attr-defined]  # of the query above
    why = _why_unknown(run, provider.source, horizon, version)
    return RunProvider(
        run=run,
        provider=provider,
        source=provider.source,
        version=version,
        horizon=horizon,
        known=not why,
        why_unknown=why,
    )


def _why_unknown(run: Run, source: Source, horizon: datetime | None, version: RuleSetVersion | None) -> str:
    if horizon is None:
        return WhyUnknown.NO_BATCH
    if source.is_too_old(horizon, at=run.as_of):
        return WhyUnknown.STALE
    return "" if version else WhyUnknown.NO_VERSION


def advance(run_id: int, *, clock: Clock) -> list[int]:
    """Do the step that the run's state requires. Return the numbers of the partitions to enqueue.

    Safe to call at any time and any number of times. ``clock`` is used for leases only; what the run computes depends on its own
    ``as_of``.
    """
    run = Run.objects.get(pk=run_id)
    if run.state == Run.State.COLLECTING:
        _collect_and_freeze(run_id, clock=clock)
    elif run.state == Run.State.SETTLING or (run.state == Run.State.EVALUATING and _all_judged(run_id, now=clock())):
        _settle(run_id, clock=clock)
        return []  # no partition is left
    return [partition.number for partition in unfinished_partitions(run_id, now=clock())]


def _all_judged(run_id: int, *, now: datetime) -> bool:
    """Return whether every partition has ended; if so, move the run on to settling."""
    if not all_partitions_ended(run_id) and not (park_poisoned(run_id, now=now) and all_partitions_ended(run_id)):
        return False
    Run.TRANSITIONS.move(Run.objects.filter(pk=run_id), "judge", lease_until=None)
    return True


def run_here(run_id: int, *, clock: Clock, progress: Callable[[Run], None]) -> Run:
    while True:
        waiting = advance(run_id, clock=clock)
        run = Run.objects.get(pk=run_id)
        progress(run)
        if run.state not in Run.OPEN:
            return run
        for number in waiting:
            work_partition(run_id, number, clock=clock)
            progress(run)


def _collect_and_freeze(run_id: int, *, clock: Clock) -> None:
    run = claim_step(run_id, Run.State.COLLECTING, now=clock())
    if run is None:
        return
    with (
        timed_step(run_id, RunStep.COLLECTING),
        attempt(run, lambda error: give_back(run, step=RunStep.COLLECTING, error=error, now=clock()), clock=clock),
    ):
        if run.collects:
            _collect(run)
        with transaction.atomic():
            if move_on(run, Run.State.EVALUATING):
                refresh_statistics(EVIDENCE)
                freeze_providers(run)
                choose_people(run)
                forget_prepared()
                make_partitions(run)


def _collect(run: Run) -> None:
    """Collect each source once. A failure is recorded, and the run continues with the horizon that the source had."""
    done = set(run.sources.values_list("source_id", flat=True))
    for source in Source.objects.current().exclude(pk__in=done).order_by("code"):
        batch = _collect_when_free(source, run)
        if not run.mine().exists():
            return  # another worker has taken over this step
        why: dict[str, Any] = {"fault": CollectingFault.BUSY_ELSEWHERE, "params": {}}
        if batch is not None:
            why = {"fault": batch.reason, "params": batch.parts}
        failed = batch is None or batch.state != Batch.State.ACCEPTED
        collected = RunSource(run=run, source=source, batch=batch, failed=failed, **(why if failed else {}))
        RunSource.objects.bulk_create([collected], ignore_conflicts=True)  # another worker may have been quicker


# How long to wait for a collection of a source that a person has just started, or that a stopped worker left behind which has
# lost this step since.
LEASES_WAITED = 2
SECONDS_BETWEEN_TRIES = 0.5


def _collect_when_free(source: Source, run: Run) -> Batch | None:
    """Collect the source, after any collection that is under way. Return ``None`` if that one does not end in time."""
    until = time.monotonic() + LEASES_WAITED * settings.LEASE.total_seconds()
    while True:
        try:
            return collect_source(source, now=run.as_of, by=SYSTEM)
        except AlreadyCollecting:
            if time.monotonic() >= until:
                return None
            time.sleep(SECONDS_BETWEEN_TRIES)


def _settle(run_id: int, *, clock: Clock) -> None:
    run = claim_step(run_id, Run.State.SETTLING, now=clock())
    if run is None:
        return
    with (
        timed_step(run_id, RunStep.SETTLING),
        attempt(run, lambda error: give_back(run, step=RunStep.SETTLING, error=error, now=clock()), clock=clock),
        suppress(ClaimLost),
        transaction.atomic(),
    ):
        settle(run, now=clock())
        amend_owed(
            now=clock()
        )  # what was decided during the run; in this transaction, so that no state in between is visible
    update_findings(now=clock())
