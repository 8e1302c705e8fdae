"""The verdict of one provider on one citizen and one day, and when it turns green (semantics §3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from tests.oracle.facts import FactRef
from tests.oracle.hits import Hit, Known, goes_on, hits, known_about, standing_hits, tests_after
from tests.oracle.rules import RuleSetVersion
from tests.oracle.rulings import Colour
from tests.oracle.seen import Inputs, horizon_of
from tests.oracle.world import World

State = Literal["red", "yellow", "green", "unknown", "not_applied"]

FORECAST_DAYS = 366


@dataclass(frozen=True)
class Verdict:
    """A state and all unreleased hits. A state that is not a colour has no hits."""

    state: State
    hits: tuple[Hit, ...] = ()

    @property
    def has_colour(self) -> bool:
        return self.state in ("red", "yellow", "green")


@dataclass(frozen=True)
class MissingAct:
    """What is missing until a hit is released.

    By `act`: `fact`, a fact of one of `kinds`; `tests`, that many further tests, or a fact of one of `kinds`; `left`, the
    citizen's statement of when they left; `wait`, only more days than the forecast covers.
    """

    rule_code: str
    fact: FactRef
    act: Literal["fact", "tests", "left", "wait"]
    kinds: tuple[str, ...] = ()
    tests: int = 0


@dataclass(frozen=True)
class Forecast:
    """The day, or else what is missing. Both are empty for a verdict that is green or not a colour."""

    turns_green_on: date | None = None
    missing: tuple[MissingAct, ...] = ()


def version_in_force(world: World, rule_set: str, day: date) -> RuleSetVersion | None:
    versions = [one for one in world.rule_sets if one.code == rule_set and one.effective_from <= day]
    return max(versions, key=lambda one: (one.effective_from, one.version), default=None)


def inputs_of(
    world: World, provider: str, day: date, as_of: datetime, known_at: datetime | None = None
) -> Inputs | None:
    """Return the inputs of the provider's verdict, or None if its source has never delivered or no version is in force.

    ``known_at`` is later than ``as_of`` if two officials have decided about the citizen since the run. The citizen is
    then judged by what is known at that instant, but by the run's day, horizons and versions.
    """
    channel = world.provider(provider)
    horizon = horizon_of(world, channel.source, as_of)
    version = version_in_force(world, channel.rule_set, day)
    if horizon is None or version is None:
        return None
    return Inputs(provider, channel.source, version, horizon, known_at or as_of, day)


def colour_of(found: Iterable[Hit]) -> Colour:
    colours = {hit.colour for hit in found}
    if "red" in colours:
        return "red"
    return "yellow" if colours else "green"


def verdict(
    world: World, citizen: str, provider: str, day: date, as_of: datetime, known_at: datetime | None = None
) -> Verdict:
    registered_at = world.registered_at.get((citizen, provider))
    if registered_at is None or registered_at > (known_at or as_of):
        return Verdict("not_applied")
    inputs = inputs_of(world, provider, day, as_of, known_at)
    if inputs is None or as_of - inputs.horizon > world.source(inputs.source).max_age:
        return Verdict("unknown")
    return shown(world, citizen, inputs)


def shown(world: World, citizen: str, inputs: Inputs) -> Verdict:
    """Return the verdict that is shown: the kept one while a mass change is held, else the one that these inputs give."""
    return world.kept.get((citizen, inputs.declared_with)) or judged(world, citizen, inputs)


def judged(world: World, citizen: str, inputs: Inputs) -> Verdict:
    """Return the verdict that these inputs give, whether or not its change is held."""
    if world.judged_before is None:
        return _judged(world, citizen, inputs)
    read = world.read_for(citizen, inputs)
    found = world.judged_before.get(read)
    if found is None:
        found = world.judged_before[read] = _judged(world, citizen, inputs)
    return found


def _judged(world: World, citizen: str, inputs: Inputs) -> Verdict:
    found = hits(world, citizen, inputs)
    return Verdict(colour_of(found), tuple(found))


def forecast(
    world: World,
    citizen: str,
    provider: str,
    day: date,
    as_of: datetime,
    known_at: datetime | None = None,
    *,
    days_ahead: int = FORECAST_DAYS,
) -> Forecast:
    """Return the day on which the verdict turns green, or what is missing (§3).

    Nothing new arrives, and the citizen checks in healthy every day from `day` on. The rule-set version is the one in
    force on each later day; horizon and `known_at` stay the same. What is missing is stated for the hits that are
    unreleased on the last day, `day` + `days_ahead`. Fewer than the 366 days of the semantics suffice if that day is
    after every hold, check-in window, planned end and rule-set change of the world.
    """
    inputs = inputs_of(world, provider, day, as_of, known_at)
    if inputs is None or verdict(world, citizen, provider, day, as_of, known_at).state not in ("red", "yellow"):
        return Forecast()
    known, rule_set = known_about(world, citizen, inputs), world.provider(provider).rule_set
    last, version, standing = day, inputs.rule_set_version, list[Hit]()
    for ahead in range(days_ahead + 1):
        last = day + timedelta(days=ahead)
        version = version_in_force(world, rule_set, last) or version
        standing = standing_hits(known, version, last, healthy_from=day)
        if not standing:
            return Forecast(turns_green_on=last)
    return Forecast(missing=tuple(_missing(known, last, hit) for hit in standing))


def turns_green_on(
    world: World, citizen: str, provider: str, day: date, as_of: datetime, *, days_ahead: int = FORECAST_DAYS
) -> date | None:
    return forecast(world, citizen, provider, day, as_of, days_ahead=days_ahead).turns_green_on


def _missing(known: Known, day: date, hit: Hit) -> MissingAct:
    """Return what the hit lacks, by its own rule: several rules of a version may have the same code and different kinds."""
    rule = hit.rule
    fact = next(fact for fact in known.seen if fact.ref == hit.fact)
    if goes_on(rule, fact) and hit.anchor == day:
        return MissingAct(hit.rule_code, hit.fact, "left")
    if rule.hold_days is None:
        return MissingAct(hit.rule_code, hit.fact, "fact", kinds=rule.cleared_by)
    wanting = rule.tests - tests_after(hit.anchor, rule, known.seen, day)
    if wanting <= 0:
        return MissingAct(hit.rule_code, hit.fact, "wait")
    return MissingAct(hit.rule_code, hit.fact, "tests", kinds=rule.cleared_by, tests=wanting)
