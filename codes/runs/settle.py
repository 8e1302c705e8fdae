"""Settle a run in one transaction: its verdicts become what the city shows, except the changes that are held for two people."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from codes.diagnosis.diagnose import diagnose_again, diagnose_new, group_cases, use_prepared
from codes.disagreements import keep_disagreements, settle_disagreements
from codes.effective import lock_effective_codes, settle_effective_codes
from codes.models import Partition, Run, RunFault
from codes.review.cases.run_effects import settle_cases
from codes.runs.due import forget_gone, proof_of, settles_narrowed
from codes.runs.ledger import ClaimLost, move_on
from codes.runs.mass_changes import BY_CAUSE, dissolve_groups, hold_mass_changes
from codes.sentinel.alarms import watch
from codes.sentinel.measure import SENTINEL
from codes.statistics import FINDINGS, refresh_statistics
from regions.actors import SYSTEM
from regions.journal.record import record
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
COUNT = compose(SQL, "count")


APPLY = compose(SQL, "apply")


def apply_changes(run: Run) -> None:
    """Apply the run's changes that are not held to the city's verdicts. Call in the settling transaction."""
    with connection.cursor() as cursor:
        cursor.execute(APPLY, {"run": run.pk})


COUNT_KEPT = compose(SQL, "count_kept")


def keep(run: Run, *, now: datetime) -> Run:
    """End a claimed run of history: keep its verdicts and disagreements for its day, and change nothing that is current.

    Raises ``ClaimLost`` if another worker has taken over the run.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(COUNT_KEPT, {"run": run.pk})
        counts: dict[str, Any] = {"kept_disagreements": keep_disagreements(run), "causes": diagnose_new(run)}
        fault = RunFault.INCOMPLETE if run.lacks_parts() else ""
        if not move_on(run, Run.State.KEPT, ended_at=now, fault=fault, counts=counts):
            raise ClaimLost(f"run {run.pk}")
        record("run.kept", by=SYSTEM, now=now, subject=f"run:{run.pk}", data={"day": str(run.day), **counts})
    return Run.objects.get(pk=run.pk)


def settle(run: Run, *, now: datetime) -> Run:
    """Settle a claimed run whose partitions have all ended. Raises ``ClaimLost`` if another worker has taken over the run."""
    if run.history:
        return keep(run, now=now)
    partitions = list(run.partitions.all())
    parts = [partition.counts for partition in partitions]
    changed = sum(counts.get("changed", 0) for counts in parts)
    turned = sum(counts.get("turned_red", 0) + counts.get("turned_green", 0) for counts in parts)
    last = Run.objects.settled().filter(pk__lt=run.pk).first()
    with transaction.atomic():
        with connection.cursor() as cursor:
            # The locks of a worker that stops while settling are released when its lease ends.
            idle = f"{settings.LEASE.total_seconds() * 1000:.0f}ms"
            cursor.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [idle])
            lock_effective_codes()  # two people may be deciding about a group or a citizen at this moment
            by_cause = hold_mass_changes(run, last=last, now=now) if turned else {}
            if not any(partition.state == Partition.State.PARKED for partition in partitions):
                dissolve_groups(run, now=now)
            watched = watch(run, last=last, now=now)
            proof = proof_of(run)
            apply_changes(run)
            forget_gone()
            refresh_statistics(FINDINGS, written=changed)
            cursor.execute(COUNT, [run.pk])
        narrowed = settles_narrowed(run, last)
        counts: dict[str, Any] = {
            "effective_changes": settle_effective_codes(run, last=last, narrowed=narrowed),
            BY_CAUSE: by_cause,
            SENTINEL: watched,
            **({"proof": asdict(proof)} if proof else {}),
        }
        if proof and proof.unforeseen:
            record("run.unforeseen", by=SYSTEM, now=now, subject=f"run:{run.pk}", data=asdict(proof))
        counts["disagreements"] = asdict(settle_disagreements(run, narrowed=narrowed))
        refresh_statistics(["codes_disagreement"], written=counts["disagreements"]["opened"])
        use_prepared(run)
        counts["causes"] = diagnose_new(run)
        counts["explained_anew"] = diagnose_again(run)
        # The planner takes a table that autovacuum saw emptied for empty, and would scan its primary key for every new case.
        refresh_statistics(["codes_pairdiagnosis"], written=sum(counts["causes"].values()))
        counts["cases"] = asdict(settle_cases(run, now=now))
        group_cases(run)
        # Officials open the queue right after a run; with old statistics its query looks up each case's citizen before sorting.
        refresh_statistics(["codes_case"], written=counts["cases"]["opened"])
        state, fault = (Run.State.PARTIAL, RunFault.INCOMPLETE) if run.lacks_parts() else (Run.State.DONE, "")
        if not move_on(run, state, ended_at=now, fault=fault, counts=counts):
            raise ClaimLost(f"run {run.pk}")
        recorded = {name: value for name, value in counts.items() if name != BY_CAUSE}
        record("run.settled", by=SYSTEM, now=now, subject=f"run:{run.pk}", data={"state": state, **recorded})
    return Run.objects.get(pk=run.pk)
