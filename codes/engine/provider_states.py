"""What each provider shows for a citizen: the current verdicts, and the engine applied again for the records behind them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from codes.engine.query import verdicts_of
from codes.engine.subjects import EACH_SIDE, unjudged
from codes.models import HeldGroup, Registration, Run, RunCitizen, RunProvider, Verdict, VerdictChange, WhyUnknown
from codes.validity import Age
from codes.vocabulary import State
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
VISIBLE, CHECK_INS = compose(SQL, "visible"), compose(SQL, "check_ins")
UNJUDGED = compose(SQL, "unjudged", unjudged=unjudged("%(run)s"))

# The fields of a verdict that are read together with the inputs, in one query.
VERDICT = {
    name: name for name in ("id", "version_id", "colour", "hits", "turns_green_on", "healthy_days", "needs", "run_id")
}


@dataclass(frozen=True)
class ProviderState:
    """What a provider shows for a citizen, by the inputs of the run that judged them last.

    ``verdict`` is ``None`` unless the state is red or yellow. ``held`` is the red or yellow verdict by the last delivery of a
    source that is silent. ``was`` is the state that the run settled, if it is no longer valid. ``base_run_id`` is the earlier run
    that is shown still, if a mass change of theirs is kept back.
    """

    inputs: RunProvider
    state: State
    verdict: Verdict | None
    held: Verdict | None = None
    was: State | None = None
    base_run_id: int | None = None

    @property
    def rests_on(self) -> int:
        """The run by whose inputs what is shown is explained: its records, its days, and what is still missing."""
        return self.base_run_id or self.inputs.run_id

    @property
    def holding(self) -> Verdict | None:
        """The verdict or the held colour that keeps the citizen red or yellow with this provider, if any."""
        return self.verdict or self.held

    @property
    def why_unknown(self) -> str:
        """``expired``, or the reason why the provider could not judge; empty if it has a colour or has not judged yet."""
        return WhyUnknown.EXPIRED if self.was else self.inputs.why_unknown


class VisibleRecord(NamedTuple):
    """A record that a provider sees, with the rule about it, its anchor, and whether and until when it holds the citizen.

    ``goes_on``: the record is a stay without an end whose area is still listed, so that no day counts yet.
    """

    provider_id: int
    fact_id: int
    rule_id: int | None
    anchor: date | None
    holds: bool
    until: date | None
    goes_on: bool


class CheckInRun(NamedTuple):
    """Consecutive days with a healthy check-in, both included."""

    provider_id: int
    first: date
    last: date


def provider_states(citizen_id: int, *, now: datetime) -> list[ProviderState]:
    """Return the state with every provider, ordered by code, including those with which the citizen has not applied.

    The list is empty before the city's first run.
    """
    held = Verdict.objects.filter(citizen=citizen_id, provider=OuterRef("provider"))
    return _read_states(citizen_id, Run.objects.judging(citizen_id), held.values(row=JSONObject(**VERDICT)), now=now)


def provider_states_at(citizen_id: int, *, at: datetime) -> list[ProviderState]:
    """Return what every provider showed at a past instant, by the runs that had ended by then."""
    changes = VerdictChange.objects.counted().filter(citizen=citizen_id, provider=OuterRef("provider"))
    last = (
        changes.filter(run__ended_at__lte=at).order_by("-run").values(row=JSONObject(**VERDICT | {"colour": "after"}))
    )
    return _read_states(citizen_id, Run.objects.judging(citizen_id, at=at), last, now=at)


def _read_states(
    citizen_id: int, runs: QuerySet[Run], verdicts: QuerySet[Any, Any], *, now: datetime
) -> list[ProviderState]:
    registered = Registration.objects.filter(citizen=citizen_id, provider=OuterRef("provider"))
    # Of all providers: a change that is kept back with one of them leaves nothing to explain the others by, either.
    kept = VerdictChange.objects.filter(citizen=citizen_id, run=OuterRef("run"), held_in__state=HeldGroup.State.HELD)
    frozen = (
        RunProvider.objects.filter(run=Subquery(runs.values("pk")[:1]))
        .select_related("run", "provider", "source", "version__rule_set")
        .annotate(
            registered_at=Subquery(registered.values("registered_at")[:1]),
            held=Subquery(verdicts[:1]),
            base_run=Subquery(kept.order_by("held_in__base_run").values("held_in__base_run")[:1]),
        )
        .order_by("provider__code")
    )
    sides = list(frozen)
    unjudged_with = _unjudged(sides[0].run, [citizen_id]) if sides else set()
    return [
        replace(
            _provider_state(
                one,
                one.registered_at,
                _verdict(one, citizen_id),
                Age.of(one.run.day, now=now),
                judged=(citizen_id, one.provider_id) not in unjudged_with,
            ),
            base_run_id=one.base_run,
        )
        for one in sides
    ]


def _unjudged(run: Run, citizens: Collection[int]) -> set[tuple[int, int]]:
    """Return the (citizen, provider) known to a partial run that no run has judged."""
    if run.state != Run.State.PARTIAL:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(UNJUDGED, {"run": run.pk, "citizens": list(citizens)})
        return set(cursor.fetchall())


def provider_states_of(citizens: Collection[int], *, now: datetime) -> dict[int, list[ProviderState]]:
    """Return the states of many citizens, without the providers with which they have not applied.

    The number of queries does not depend on the number of citizens.
    """
    last = Run.objects.last_settled()
    if last is None:
        return {citizen: [] for citizen in citizens}
    amended = RunCitizen.objects.filter(run__amends=last, citizen__in=citizens).order_by("run")
    judged_by = dict.fromkeys(citizens, last.pk) | dict(amended.values_list("citizen_id", "run_id"))
    frozen = RunProvider.objects.filter(run__in=set(judged_by.values()))
    inputs = {
        (one.run_id, one.provider_id): one
        for one in frozen.select_related("run", "provider", "source", "version__rule_set")
    }
    verdicts = {(one.citizen_id, one.provider_id): one for one in Verdict.objects.filter(citizen__in=citizens)}
    found: dict[int, list[ProviderState]] = {citizen: [] for citizen in citizens}
    unjudged_with = _unjudged(last, citizens)
    registered = Registration.objects.filter(citizen__in=citizens).order_by("provider__code")
    for citizen, provider, at in registered.values_list("citizen_id", "provider_id", "registered_at"):
        one = inputs.get((judged_by[citizen], provider))
        if one is not None:
            age = Age.of(one.run.day, now=now)
            verdict = verdicts.get((citizen, provider))
            shown = verdict.as_of(one.run.day) if verdict else None
            judged = (citizen, provider) not in unjudged_with
            found[citizen].append(_provider_state(one, at, shown, age, judged=judged))
    return found


def visible_records(run_id: int, citizen_id: int) -> list[VisibleRecord]:
    """Return the records seen, by the run's frozen inputs, by every provider that the citizen was registered with by then."""
    values: dict[str, Any] = {"run": run_id, "citizen": citizen_id, "zone": current_city().timezone}
    with connection.cursor() as cursor:
        cursor.execute(f"{verdicts_of(EACH_SIDE)}\n{VISIBLE}", values)
        return [VisibleRecord(*row) for row in cursor.fetchall()]


def check_in_runs(citizen_id: int, *, known_at: datetime) -> list[CheckInRun]:
    """Return the runs of healthy check-ins that count by what was known at ``known_at``, by provider and day."""
    with connection.cursor() as cursor:
        cursor.execute(CHECK_INS, [citizen_id, known_at])
        return [CheckInRun(*row) for row in cursor.fetchall()]


def _verdict(inputs: Any, citizen_id: int) -> Verdict | None:
    held: dict[str, Any] | None = inputs.held
    if held is None or not held["hits"]:  # a change to green has no hits
        return None
    green = date.fromisoformat(held["turns_green_on"]) if held["turns_green_on"] else None
    verdict = Verdict(citizen_id=citizen_id, provider=inputs.provider, **{**held, "turns_green_on": green})
    return verdict.as_of(inputs.run.day)


def _provider_state(
    inputs: RunProvider, registered_at: datetime | None, verdict: Verdict | None, age: Age, *, judged: bool
) -> ProviderState:
    """Return the state. The stored verdict of a provider that could not judge is returned as ``held`` only (``semantics.md`` §4)."""
    if registered_at is None:
        return ProviderState(inputs, State.NOT_APPLIED, None)
    if registered_at > inputs.run.as_of or not judged:
        return ProviderState(inputs, State.UNKNOWN, None)
    settled = State(verdict.colour) if verdict else State.GREEN
    state = age.state(settled)
    if not inputs.known:
        return ProviderState(inputs, State.UNKNOWN, None, held=verdict if inputs.holds and state is settled else None)
    if state is not settled:
        return ProviderState(inputs, state, None, was=settled)
    return ProviderState(inputs, state, verdict)
