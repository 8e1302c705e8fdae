"""Replay a past run: judge the same inputs by the same query and compare the verdicts with the stored ones.

Instant, horizons and versions are the run's own, so the engine sees the same data, whatever has been received since.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Coalesce

from codes.engine.query import DAILY_VERDICTS_ACROSS_VERSIONS, green_on, until, verdicts_of
from codes.engine.subjects import DAILY
from codes.models import Citizen, Partition, Registration, Run, RunProvider, VerdictChange
from codes.vocabulary import State
from regions.journal.record import record
from regions.proposals import require_role_or_operator
from regions.sql import compose
from regions.staff.roles import Role
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
JUDGED = f"{verdicts_of(DAILY)},\n{DAILY_VERDICTS_ACROSS_VERSIONS}"


def _compare(stood: str) -> str:
    """Return the statement that compares the verdicts that stood with those judged again. ``stood`` is the condition that selects them."""
    day = "run.day"
    parts = {
        "stored_hits": compose(SQL, "hits", hits="s.hits", until=until("hit", day=day)),
        "stored_green_on": green_on("s", day=day),
        "replayed_hits": compose(SQL, "hits", hits="t.hits", until=until("hit", day=day)),
        "replayed_green_on": green_on("t", day=day),
    }
    return f"{JUDGED},\n{compose(SQL, 'compare', stood=stood, **parts)}"


STATEMENT = _compare(compose(SQL, "stood_then"))
# A run of history is compared with its own changes only.
KEPT = _compare(compose(SQL, "kept_then"))

COUNT = compose(SQL, "count")

ASPECTS = ("colour", "rule_set_version", "hits", "turns_green_on", "needs")


@dataclass(frozen=True)
class Difference:
    """An aspect of a verdict for which the replay differs from what was stored."""

    citizen_ref: str
    provider: str
    aspect: str
    stored: Any
    replayed: Any


@dataclass
class Replayed:
    """The number of verdicts compared, and all differences."""

    verdicts: int = 0
    differences: list[Difference] = field(default_factory=list)


def replay(run: Run, *, citizen_id: int | None = None) -> Replayed:
    """Judge the run's people, or one of them, again by its frozen inputs. Writes nothing.

    The ranges are those of the run's partitions. A partition that the run parked was not judged and is left out. For an amending
    run, the people are those it names.
    """
    done = Replayed()
    statement = KEPT if run.history else STATEMENT
    with connection.cursor() as cursor:
        for low, high in _ranges(run, citizen_id):
            values: dict[str, Any] = {"run": run.pk, "low": low, "high": high, "zone": current_city().timezone}
            values["counted"] = list(Run.COUNTED)
            cursor.execute(COUNT, values)
            done.verdicts += cursor.fetchone()[0]
            cursor.execute(statement, values)
            for ref, provider, stored, replayed in cursor.fetchall():
                done.differences += _aspects(ref, provider, json.loads(stored), json.loads(replayed))
    return done


def _ranges(run: Run, citizen_id: int | None) -> list[tuple[int, int]]:
    if run.amends_id is not None:
        named = run.citizens.order_by("citizen").values_list("citizen", flat=True)
        return [(one, one + 1) for one in (named if citizen_id is None else named.filter(citizen=citizen_id))]
    judged = Partition.objects.filter(run=run, state=Partition.State.DONE).order_by("number")
    if citizen_id is None:
        return list(judged.values_list("low", "high"))
    return [(citizen_id, citizen_id + 1)] if judged.filter(low__lte=citizen_id, high__gt=citizen_id).exists() else []


def _aspects(ref: str, provider: str, stored: dict[str, Any], replayed: dict[str, Any]) -> Iterator[Difference]:
    for aspect in ASPECTS:
        if stored[aspect] != replayed[aspect]:
            yield Difference(ref, provider, aspect, stored[aspect], replayed[aspect])


REPLAYED = "run.replayed"


@dataclass(frozen=True)
class Again:
    """One provider's verdict on a citizen: its inputs, what was stored then, and the differences found by the replay."""

    inputs: RunProvider
    state: State
    rules: tuple[str, ...]
    differences: tuple[Difference, ...]


def replay_and_note(run: Run, *, by: str, now: datetime, citizen: Citizen | None = None) -> Replayed:
    """Replay the run, or one of its people, and record this and the result in the journal. Raises ``NotAllowed``."""
    require_role_or_operator(by, Role.AUDITOR)
    done = replay(run, citizen_id=citizen.pk if citizen else None)
    data = {
        "day": run.day.isoformat(),
        "sequence": run.sequence,
        "verdicts": done.verdicts,
        "differing": len({(one.citizen_ref, one.provider) for one in done.differences}),
    }
    if citizen is not None:
        data["citizen"] = citizen.ref
    with transaction.atomic():
        record(REPLAYED, by=by, now=now, subject=f"run:{run.pk}", data=data)
    return done


def side_by_side(run: Run, citizen: Citizen, done: Replayed) -> list[Again]:
    """Return the citizen's verdicts after the run, ordered by provider, with the differences found by the replay."""
    registered = set(
        Registration.objects.filter(citizen=citizen, registered_at__lte=run.as_of).values_list("provider_id", flat=True)
    )
    if run.history:
        changes = VerdictChange.objects.filter(citizen=citizen, run=run)
    else:
        of_then = Run.objects.annotate(of=Coalesce("amends_id", "pk")).filter(of__lte=run.pk, state__in=Run.COUNTED)
        counted = VerdictChange.objects.counted().filter(citizen=citizen, run__in=of_then.values("pk"))
        changes = counted.order_by("run_id")
    last = {change.provider_id: change for change in changes}
    rows = run.providers.select_related("provider", "source", "version__rule_set").order_by("provider__code")
    return [_again(row, last.get(row.provider_id), row.provider_id in registered, done) for row in rows]


def _again(inputs: RunProvider, change: VerdictChange | None, is_registered: bool, done: Replayed) -> Again:
    if not is_registered or not inputs.known:
        return Again(inputs, State.UNKNOWN if is_registered else State.NOT_APPLIED, (), ())
    state = State(change.after) if change else State.GREEN
    rules = tuple(sorted({str(hit["rule"]) for hit in change.hits})) if change and state is not State.GREEN else ()
    differences = tuple(one for one in done.differences if one.provider == inputs.provider.code)
    return Again(inputs, state, rules, differences)
