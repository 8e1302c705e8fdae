"""Which rules match a citizen's facts, and which of those hits still stand (semantics §3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from tests.oracle.facts import FactRef, FactVersion
from tests.oracle.rules import RiskArea, Rule
from tests.oracle.rulings import HitKey
from tests.oracle.seen import Inputs, checked_in_healthy, seen_facts
from tests.oracle.world import World

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Hit:
    """A fact that a rule holds against a citizen, counted from its anchor day."""

    rule_code: str
    rule_set_version: int
    fact: FactRef
    anchor: date
    colour: Literal["red", "yellow"]

    @property
    def key(self) -> HitKey:
        return HitKey(self.rule_code, self.fact)


def covers(entry_area: str, area: str) -> bool:
    """510000 covers its province, 510100 its city, 510104 only itself."""
    if entry_area.endswith("0000"):
        return area[:2] == entry_area[:2]
    if entry_area.endswith("00"):
        return area[:4] == entry_area[:4]
    return area == entry_area


def stayed_at_risk(stay: FactVersion, levels: Collection[str], risk_areas: Iterable[RiskArea], day: date) -> bool:
    """Some day of the stay – up to `day` while it has no end – lies in a matching entry of the risk list."""
    last = stay.ended_on or day
    return stay.area is not None and any(
        entry.level in levels
        and covers(entry.area, stay.area)
        and max(entry.from_day, stay.started_on) <= min(entry.to_day or last, last)
        for entry in risk_areas
    )


def matches(rule: Rule, fact: FactVersion, risk_areas: Iterable[RiskArea], day: date) -> bool:
    if rule.kind != fact.kind:
        return False
    if rule.area_levels and fact.kind == "area_stay":
        return stayed_at_risk(fact, rule.area_levels, risk_areas, day)
    return True


def anchor_of(rule: Rule, fact: FactVersion, world: World) -> date:
    if rule.anchor == "recorded":
        return fact.recorded_at.astimezone(world.zone).date()
    if rule.anchor == "ended" and fact.ended_on is not None:
        return fact.ended_on
    return fact.started_on


def longest_run(days: Collection[date], first: date, last: date) -> int:
    """The most consecutive days of `days` between first and last, both included."""
    longest = run = 0
    day = first
    while day <= last:
        run = run + 1 if day in days else 0
        longest = max(longest, run)
        day += ONE_DAY
    return longest


def counted_tests(tested_on: Iterable[date], gap_days: int) -> int:
    """Taken greedily from the first, each at least `gap_days` after the last one taken."""
    taken: list[date] = []
    for day in sorted(tested_on):
        if not taken or (day - taken[-1]).days >= gap_days:
            taken.append(day)
    return len(taken)


def tests_since(anchor: date, rule: Rule, seen: Iterable[FactVersion], day: date) -> int:
    tested_on = [f.started_on for f in seen if f.kind == "negative_test" and anchor <= f.started_on <= day]
    return counted_tests(tested_on, rule.test_gap_days)


def released(rule: Rule, anchor: date, seen: Collection[FactVersion], healthy: Collection[date], day: date) -> bool:
    if any(fact.kind in rule.cleared_by and anchor <= fact.started_on <= day for fact in seen):
        return True
    return (
        rule.hold_days is not None
        and (day - anchor).days >= rule.hold_days
        and longest_run(healthy, anchor, day) >= rule.checkin_days
        and tests_since(anchor, rule, seen, day) >= rule.tests
    )


def hits(world: World, citizen: str, inputs: Inputs) -> list[Hit]:
    """All unreleased hits, red and yellow, in a fixed order."""
    seen = seen_facts(world, citizen, inputs)
    healthy = set(checked_in_healthy(world, citizen, inputs))
    if inputs.assumed_healthy_from is not None:
        days = (inputs.day - inputs.assumed_healthy_from).days + 1
        healthy |= {inputs.assumed_healthy_from + n * ONE_DAY for n in range(days)}
    version = inputs.rule_set_version
    found = []
    for rule in version.rules:
        for fact in seen:
            if not matches(rule, fact, version.risk_areas, inputs.day):
                continue
            anchor = anchor_of(rule, fact, world)
            if anchor <= inputs.day and not released(rule, anchor, seen, healthy, inputs.day):
                found.append(Hit(rule.code, version.version, fact.ref, anchor, rule.colour))
    return sorted(found)
