"""Which rules match a citizen's facts, and which of those hits still stand (semantics §3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from tests.oracle.areas import covers
from tests.oracle.facts import FactRef, FactVersion
from tests.oracle.rules import RiskArea, Rule, RuleSetVersion
from tests.oracle.rulings import HitContent, HitKey
from tests.oracle.seen import Inputs, checked_in_healthy, recorded_on, seen_facts
from tests.oracle.world import World

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Hit:
    """An unreleased hit: a fact that fulfils a rule. Its release is counted from the anchor."""

    rule_code: str
    rule_set_version: int
    fact: FactRef
    anchor: date
    colour: Literal["red", "yellow"]
    rule: Rule = field(compare=False, repr=False)
    said: FactVersion = field(compare=False, repr=False)

    @property
    def content(self) -> HitContent:
        said = self.said
        return HitContent(
            self.rule_code,
            self.colour,
            *said.key,
            said.kind,
            said.area or "",
            said.started_on,
            said.ended_on or date.max,
        )

    @property
    def key(self) -> HitKey:
        return HitKey(self.content, self.fact)


def listings(rule: Rule, stay: FactVersion, risk_areas: Iterable[RiskArea]) -> list[RiskArea]:
    """Return the risk-area entries that cover the stay's area and have one of the rule's levels."""
    return [
        entry for entry in risk_areas if stay.area and entry.level in rule.area_levels and covers(entry.area, stay.area)
    ]


def last_listed_day(entries: Iterable[RiskArea], day: date) -> date | None:
    """Return the last day up to `day` on which one of the entries lists the area, or None if there is no such day."""
    return max(
        (min(entry.to_day or day, day) for entry in entries if entry.from_day <= day),
        default=None,
    )


def goes_on(rule: Rule, fact: FactVersion) -> bool:
    """Return whether the fact is a stay without an end under an area rule with anchor `ended`.

    Such a stay goes on: nobody has stated that the person left, and the hit is not released while the area is listed.
    """
    return rule.anchor == "ended" and is_area_rule(rule, fact) and fact.ended_on is None


def is_area_rule(rule: Rule, fact: FactVersion) -> bool:
    return bool(rule.area_levels) and fact.kind == "area_stay"


def matches(rule: Rule, fact: FactVersion, entries: Iterable[RiskArea], day: date) -> bool:
    """Return whether the rule matches the fact by the entries that cover it.

    With `area_levels`, an entry must list the area on some day of the stay, from its start to the earlier of its end and
    `day`.
    """
    if rule.kind != fact.kind:
        return False
    if not is_area_rule(rule, fact):
        return True
    last = min(fact.ended_on or day, day)
    return any(max(entry.from_day, fact.started_on) <= min(entry.to_day or last, last) for entry in entries)


def longest_run(days: Collection[date], first: date, last: date) -> int:
    """Return the length of the longest run of consecutive days in `days` between `first` and `last`, both included."""
    longest = run = 0
    day = first
    while day <= last:
        run = run + 1 if day in days else 0
        longest = max(longest, run)
        day += ONE_DAY
    return longest


# A forecast asks for the same days about everybody.
@lru_cache(maxsize=2_000)
def days_between(first: date, last: date) -> frozenset[date]:
    """Return the days from `first` to `last`, both included."""
    return frozenset(first + number * ONE_DAY for number in range((last - first).days + 1))


def counted_tests(tested_on: Iterable[date], gap_days: int) -> int:
    """Return the number of tests counted greedily from the first, each at least `gap_days` after the last one counted."""
    taken: list[date] = []
    for day in sorted(tested_on):
        if not taken or (day - taken[-1]).days >= gap_days:
            taken.append(day)
    return len(taken)


def tests_after(anchor: date, rule: Rule, seen: Iterable[FactVersion], day: date) -> int:
    """Return the number of counted negative tests after the anchor: a test of the anchor day may precede the event."""
    tested_on = [f.started_on for f in seen if f.kind == "negative_test" and anchor < f.started_on <= day]
    return counted_tests(tested_on, rule.test_gap_days)


def cleared(rule: Rule, fact: FactVersion, anchor: date, seen: Iterable[FactVersion], day: date) -> bool:
    """Return whether a fact of a kind in `cleared_by` releases the hit: one that started on or after the anchor.

    With anchor `recorded`, it may also have started before the anchor, but not before the hit's own fact: a contact may
    be excluded before it is recorded.

    §3 has two rules that apply to a negative test under anchor `recorded`. Both are required, the stricter reading: the
    test must be after the recording day and not before the hit's own fact.
    """
    since = fact.started_on if rule.anchor == "recorded" else anchor
    return any(
        one.kind in rule.cleared_by
        and since <= one.started_on <= day
        and (one.kind != "negative_test" or one.started_on > anchor)
        for one in seen
    )


def served(rule: Rule, anchor: date, seen: Iterable[FactVersion], healthy: Collection[date], day: date) -> bool:
    return (
        rule.hold_days is not None
        and (day - anchor).days >= rule.hold_days
        # Count only where a rule asks for check-ins, for speed.
        and (not rule.checkin_days or longest_run(healthy, anchor, day) >= rule.checkin_days)
        and tests_after(anchor, rule, seen, day) >= rule.tests
    )


@dataclass(frozen=True)
class Known:
    """What a provider sees about one citizen. It is the same for all days."""

    world: World
    inputs: Inputs
    seen: Sequence[FactVersion]
    healthy: frozenset[date]


def known_about(world: World, citizen: str, inputs: Inputs) -> Known:
    return Known(world, inputs, seen_facts(world, citizen, inputs), checked_in_healthy(world, citizen, inputs))


def hit_of(known: Known, rule: Rule, fact: FactVersion, version: RuleSetVersion, day: date) -> Hit | None:
    """Return the unreleased hit of the rule by the fact.

    Return None if the fact has not begun by `day`, the rule does not match it, or the hit is released.
    """
    entries = listings(rule, fact, version.risk_areas) if is_area_rule(rule, fact) else []
    if fact.started_on > day or not matches(rule, fact, entries, day):
        return None
    anchor: date | None = fact.started_on
    if rule.anchor == "recorded":
        anchor = recorded_on(known.world, fact, known.inputs)
        if anchor > day:
            return None
    elif goes_on(rule, fact):
        anchor = last_listed_day(entries, day)
    elif rule.anchor == "ended" and fact.ended_on is not None:
        anchor = fact.ended_on
    assert anchor, "a stay that matches was listed on some day"
    hit = Hit(rule.code, version.version, fact.ref, anchor, rule.colour, rule, fact)
    if goes_on(rule, fact) and anchor == day:
        return hit
    released = cleared(rule, fact, anchor, known.seen, day) or served(rule, anchor, known.seen, known.healthy, day)
    return None if released else hit


def standing_hits(known: Known, version: RuleSetVersion, day: date, healthy_from: date | None = None) -> list[Hit]:
    """Return all unreleased hits, in a fixed order.

    With `healthy_from`, assume that the citizen checks in healthy on every day from then on.
    """
    if healthy_from is not None and any(rule.checkin_days for rule in version.rules):
        known = replace(known, healthy=known.healthy | days_between(healthy_from, day))
    # Skip the many facts of other kinds, which make no hit, for speed: a forecast evaluates every day of a year.
    pairs = ((rule, fact) for rule in version.rules for fact in known.seen if fact.kind == rule.kind)
    found = [hit_of(known, rule, fact, version, day) for rule, fact in pairs]
    return sorted(hit for hit in found if hit)


def hits(world: World, citizen: str, inputs: Inputs) -> list[Hit]:
    """Return all unreleased hits, red and yellow, in a fixed order."""
    known = known_about(world, citizen, inputs)
    return standing_hits(known, inputs.rule_set_version, inputs.day, inputs.assumed_healthy_from)
