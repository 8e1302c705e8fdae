"""The end of a run: counts, disagreements, cases, effective codes, the journal – in one transaction."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from codes.diagnosis.settling import diagnose_new, group_cases
from codes.disagreements import settle_disagreements
from codes.effective import settle_effective_codes
from codes.models import Partition, Run
from codes.review.cases.run_effects import settle_cases
from codes.runs.hold import hold, mass_flip
from codes.runs.ledger import ClaimLost, move_on
from codes.statistics import FINDINGS, refresh_statistics
from regions.journal.record import record
from regions.sql import compose

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
    if told := mass_flip(run):
        return hold(run, told, now=now)
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
        message = _what_is_missing(run)
        state = Run.State.PARTIAL if message else Run.State.DONE
        if not move_on(run, state, ended_at=now, message=message, counts=counts):
            raise ClaimLost(f"run {run.pk}")
        record("run.settled", by="system", now=now, subject=f"run:{run.pk}", data={"state": state, **counts})
    return Run.objects.get(pk=run.pk)


def _what_is_missing(run: Run) -> str:
    parked = list(
        run.partitions.filter(state=Partition.State.PARKED).order_by("number").values_list("number", flat=True)
    )
    failed = list(run.sources.filter(failed=True).order_by("source__code").values_list("source__code", "message"))
    said = [f"source {code} failed: {message}" for code, message in failed]
    if parked:
        said.append(f"partitions {', '.join(map(str, parked))} are parked; see the run's errors")
    return "; ".join(said)
