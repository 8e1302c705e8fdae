"""A person's verdict in plain Python over model instances, in the most direct style."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from bench.peers.documents import longest_run
from codes.models import Fact, RiskArea, Rule
from regions.divisions import covering, successors

Hit = tuple[str, int]


@dataclass(frozen=True)
class Eyes:
    """The inputs of a verdict: the provider declared with and its check-ins, a source, a version, a horizon."""

    declared_with: int
    source_id: int
    version_id: int
    horizon: datetime
    check_ins: list[tuple[date, date]]


@dataclass(frozen=True)
class Seen:
    """The valid version of a record, and when its origin first made the same statement."""

    fact: Fact
    first_recorded_at: datetime


@dataclass(frozen=True)
class Versions:
    """Rules and risk areas by version, loaded once."""

    rules: dict[int, list[Rule]]
    risk_areas: dict[int, list[RiskArea]]
    zone: ZoneInfo


def load_versions(zone: ZoneInfo) -> Versions:
    """Load all versions of the city."""
    rules: dict[int, list[Rule]] = {}
    risk_areas: dict[int, list[RiskArea]] = {}
    for rule in Rule.objects.order_by("code", "id"):
        rules.setdefault(rule.version_id, []).append(rule)
    for entry in RiskArea.objects.all():
        risk_areas.setdefault(entry.version_id, []).append(entry)
    return Versions(rules, risk_areas, zone)


def judge(
    facts: Iterable[Fact], eyes: Eyes, versions: Versions, *, as_of: datetime, day: date
) -> tuple[str, list[Hit]]:
    """Return the colour and the unreleased hits, as (rule code, fact id)."""
    seen = _seen(facts, eyes, as_of)
    held = [
        (rule, one.fact)
        for rule in versions.rules[eyes.version_id]
        for one in seen
        if _held(rule, one, seen, eyes, versions, day)
    ]
    colours = {rule.colour for rule, _ in held}
    colour = "red" if "red" in colours else "yellow" if "yellow" in colours else "green"
    return colour, sorted((rule.code, fact.pk) for rule, fact in held)


def _seen(facts: Iterable[Fact], eyes: Eyes, as_of: datetime) -> list[Seen]:
    def visible(fact: Fact) -> bool:
        if fact.received_at > as_of:
            return False
        if fact.source_id is not None:
            return fact.source_id == eyes.source_id and fact.recorded_at <= eyes.horizon
        return fact.provider_id is None or fact.provider_id == eyes.declared_with

    def record(fact: Fact) -> tuple[str, int, int, str]:
        return fact.origin, fact.source_id or 0, fact.provider_id or 0, fact.record_id

    def order(fact: Fact) -> tuple[datetime, datetime, int]:
        return fact.recorded_at, fact.received_at, fact.version

    seen = []
    for _, group in groupby(sorted(filter(visible, facts), key=record), key=record):
        versions = sorted(group, key=order)
        last = versions[-1]
        if not last.revoked:
            first = next(one for one in versions if not one.revoked and _statement(one) == _statement(last))
            seen.append(Seen(last, first.recorded_at))
    return seen


def _statement(fact: Fact) -> tuple[object, ...]:
    return fact.kind, fact.area, fact.started_on


def _held(rule: Rule, one: Seen, seen: list[Seen], eyes: Eyes, versions: Versions, day: date) -> bool:
    """Return whether the rule holds the fact on the day: it matches, has begun, and is not released."""
    fact = one.fact
    if rule.kind != fact.kind or fact.started_on > day:
        return False
    anchor = fact.started_on
    if rule.anchor == "recorded":
        anchor = one.first_recorded_at.astimezone(versions.zone).date()
        if anchor > day:
            return False
    if rule.anchor == "ended" and fact.ended_on:
        anchor = fact.ended_on
    if rule.area_levels is not None and fact.kind == "area_stay":
        listed = _listed(rule, fact, versions, day)
        if not listed:
            return False
        if rule.anchor == "ended" and fact.ended_on is None:
            anchor = max(listed)
            if anchor == day:
                return True
    return not _released(rule, anchor, fact, [other.fact for other in seen], eyes, day)


def _listed(rule: Rule, fact: Fact, versions: Versions, day: date) -> list[date]:
    """Return the last common day, up to ``day``, of the stay with each matching entry of the risk list."""
    area = fact.area or ""
    covered_by = {code for one in (area, *successors(area)) for code in covering(one)}
    last = min(fact.ended_on or day, day)
    return [
        min(entry.to_day or last, last)
        for entry in versions.risk_areas.get(rule.version_id, [])
        if entry.level in (rule.area_levels or ())
        and entry.area in covered_by
        and entry.from_day <= last
        and (entry.to_day is None or entry.to_day >= fact.started_on)
    ]


def _released(rule: Rule, anchor: date, fact: Fact, seen: list[Fact], eyes: Eyes, day: date) -> bool:
    first = fact.started_on if rule.anchor == "recorded" else anchor
    for other in seen:
        early = other.kind == "negative_test" and other.started_on <= anchor
        if other.kind in rule.cleared_by and first <= other.started_on <= day and not early:
            return True
    if rule.hold_days is None or day < anchor + timedelta(days=rule.hold_days):
        return False
    if longest_run(eyes.check_ins, anchor, day) < rule.checkin_days:
        return False
    tests, last = 0, date.min
    for taken in sorted(one.started_on for one in seen if one.kind == "negative_test"):
        if anchor < taken <= day and (tests == 0 or (taken - last).days >= rule.test_gap_days):
            tests, last = tests + 1, taken
    return tests >= rule.tests
