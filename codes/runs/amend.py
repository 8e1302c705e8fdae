"""Judge some people again between two runs of the city, so that a decision of two officials takes effect at once.

An amending run judges the people it names by the inputs of the last settled run – its day, horizons and versions – and by what the
city knows now. It settles in the transaction of the act that requires it (``docs/adr/0009-amending-runs.md``).
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Subquery, Value
from django.db.models.functions import Greatest

from codes.diagnosis.diagnose import diagnose_again, diagnose_new, group_cases
from codes.disagreements import settle_disagreements
from codes.effective import lock_effective_codes, settle_effective_codes
from codes.models import Fact, Run, RunCitizen, RunProvider, Suppression
from codes.review.cases.run_effects import settle_cases
from codes.runs.mass_changes import BY_CAUSE, MassChange, dissolve_groups, hold_mass_changes, new_mass_changes
from codes.runs.partitions import Evaluated, evaluate_named
from codes.runs.settle import apply_changes
from codes.sentinel.alarms import watch
from codes.sentinel.measure import SENTINEL
from codes.statistics import FINDINGS, refresh_statistics
from regions.actors import SYSTEM
from regions.journal.record import record
from regions.tenancy import current_city

# From this number of people on, the planner needs fresh statistics.
MANY = 1000


def amend_now(citizens: Collection[int], *, by: str, now: datetime, because: str) -> Run | None:
    """Judge these people again, with all others who are still owed it, and settle the result. Call in a transaction.

    ``because`` is the journal subject of the act that requires it. Return ``None`` while a run of the city is open, since
    ``amend_owed`` is called after that run has settled, and before the city's first run, which will take account of it.
    """
    lock_effective_codes()
    base = Run.objects.last_settled()
    if base is None or Run.objects.open().exists():
        return None
    people = sorted({*citizens, *_owed(base, now=now)})
    return _amend(base, people, by=by, now=now, because=because) if people else None


def amend_owed(*, now: datetime) -> Run | None:
    """Judge the people about whom something was decided after the last run's instant, if no run has counted it yet.

    Safe to call at any time.
    """
    base = Run.objects.last_settled()
    if base is None or not _owed(base, now=now):
        return None  # the usual case, decided without waiting for the lock
    with transaction.atomic():
        return amend_now([], by=SYSTEM, now=now, because="owed")


def _owed(base: Run, *, now: datetime) -> set[int]:
    """Return the people whose records were ruled on after the newest instant that has been counted and not after ``now``.

    For a run of a past instant, rulings made before the run was started are left out, as its ``as_of`` demands.
    """
    since = max(base.as_of, base.started_at)
    counted = Subquery(base.amendments.order_by("-as_of").values("as_of")[:1])
    ruled = Suppression.objects.filter(state__in=[Suppression.State.APPROVED, Suppression.State.ENDED]).annotate(
        last=Greatest("ended_at", "decided_at")  # ignores nulls
    )
    since_then = ruled.filter(last__gt=Greatest(counted, Value(since)), last__lte=now)
    return people_of(since_then.values_list("record_id", "source", "provider"))


def people_of(records: Collection[tuple[str, int | None, int | None]]) -> set[int]:
    """Return the citizens whom any version of these records (``record_id``, source, provider) is about."""
    wanted = set(records)
    facts = Fact.objects.filter(record_id__in={record_id for record_id, _, _ in wanted})
    rows = facts.values_list("citizen_id", "record_id", "source_id", "provider_id")
    return {citizen for citizen, *record_of in rows.iterator() if tuple(record_of) in wanted}


def mass_changes_if(
    base: Run, people: Collection[int], *, day: date, known_at: datetime, versions: Mapping[int, int]
) -> list[MassChange]:
    """Return the groups that a run of that day would open because of changes of these people. All writes are rolled back.

    ``versions``: provider → version, where it differs from the one in the last settled run, ``base``.
    """
    with transaction.atomic():
        lock_effective_codes()
        run, _ = _judge_again(base, sorted(people), day=day, as_of=known_at, by=SYSTEM, now=known_at, versions=versions)
        found = new_mass_changes(run, last=base)
        transaction.set_rollback(True)
    return found


def _judge_again(
    base: Run,
    people: list[int],
    *,
    day: date,
    as_of: datetime,
    by: str,
    now: datetime,
    versions: Mapping[int, int] | None = None,
) -> tuple[Run, Evaluated]:
    run = Run.objects.create(
        day=day,
        sequence=Run.objects.next_sequence(day),
        as_of=max(as_of, base.as_of),
        collects=False,
        state=Run.State.AMENDED,
        amends=base,
        started_by=by,
        started_at=now,
        ended_at=now,
    )
    before = base.providers.select_related("version__rule_set").order_by("provider__code")
    RunProvider.objects.bulk_create(_frozen_again(run, one, versions or {}) for one in before)
    RunCitizen.objects.bulk_create([RunCitizen(run=run, citizen_id=one) for one in people], batch_size=5000)
    if len(people) > MANY:
        refresh_statistics(["codes_runcitizen"])
    return run, evaluate_named(run=run, zone=current_city().timezone)


def _amend(base: Run, people: list[int], *, by: str, now: datetime, because: str) -> Run:
    run, done = _judge_again(base, people, day=base.day, as_of=now, by=by, now=now)
    by_cause = hold_mass_changes(run, last=base, now=now)
    dissolve_groups(base, now=now)
    watched = watch(run, last=base, now=now)
    apply_changes(run)
    if len(people) > MANY:
        refresh_statistics(FINDINGS, changed=True)
    counts: dict[str, Any] = {"citizens": len(people), **asdict(done), SENTINEL: watched}
    counts["effective_changes"] = settle_effective_codes(run, last=base)
    counts["disagreements"] = asdict(settle_disagreements(run))
    counts["causes"] = diagnose_new(run)
    counts["explained_anew"] = diagnose_again(run)
    counts["cases"] = asdict(settle_cases(run, now=now))
    group_cases(run)
    run.counts = {**counts, BY_CAUSE: by_cause}
    run.save(update_fields=["counts"])
    record(
        "run.mended", by=by, now=now, subject=f"run:{run.pk}", data={"amends": base.pk, "because": because, **counts}
    )
    return run


def _frozen_again(run: Run, one: RunProvider, versions: Mapping[int, int]) -> RunProvider:
    """Return a copy of the amended run's inputs, so that the amending run's verdicts can be replayed and explained like any others.

    A version withdrawn since is replaced by the one in force without it. A version given in ``versions`` takes precedence.
    """
    version = one.version
    if version is not None and version.withdrawn_at is not None:
        version = version.rule_set.versions.in_force(run.day).first()
    return RunProvider(
        run=run,
        provider_id=one.provider_id,
        source_id=one.source_id,
        version_id=versions.get(one.provider_id, version.pk if version else None),
        horizon=one.horizon,
        known=one.known,
        why_unknown=one.why_unknown,
    )
