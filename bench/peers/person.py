"""A person's verdict in plain Python over model instances: how one would write it first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from bench.peers.documents import longest_run
from codes.models import Fact, RiskArea, Rule

Hit = tuple[str, int]


@dataclass(frozen=True)
class Eyes:
    """By what a verdict is made: the provider declared with and its check-ins, a source, a version, a horizon."""

    declared_with: int
    source_id: int
    version_id: int
    horizon: datetime
    check_ins: list[tuple[date, date]]


@dataclass(frozen=True)
class Versions:
    """Rules and risk areas by version, loaded once."""

    rules: dict[int, list[Rule]]
    risk_areas: dict[int, list[RiskArea]]
    zone: ZoneInfo


def load_versions(zone: ZoneInfo) -> Versions:
    """All versions of the city."""
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
    """The colour and the unreleased hits, as (rule code, fact id)."""
    seen = _seen(facts, eyes, as_of)
    held = [
        (rule, fact)
        for rule in versions.rules[eyes.version_id]
        for fact in seen
        if _matches(rule, fact, versions, day) and not _released(rule, fact, seen, eyes, versions, day)
    ]
    colours = {rule.colour for rule, _ in held}
    colour = "red" if "red" in colours else "yellow" if "yellow" in colours else "green"
    return colour, sorted((rule.code, fact.pk) for rule, fact in held)


def _seen(facts: Iterable[Fact], eyes: Eyes, as_of: datetime) -> list[Fact]:
    def visible(fact: Fact) -> bool:
        if fact.received_at > as_of:
            return False
        if fact.source_id is not None:
            return fact.source_id == eyes.source_id and fact.recorded_at <= eyes.horizon
        return fact.provider_id is None or fact.provider_id == eyes.declared_with

    def record(fact: Fact) -> tuple[str, int, int, str, int]:
        return fact.origin, fact.source_id or 0, fact.provider_id or 0, fact.record_id, fact.version

    ordered = sorted(filter(visible, facts), key=record)
    latest = [list(versions)[-1] for _, versions in groupby(ordered, key=lambda fact: record(fact)[:4])]
    return [fact for fact in latest if not fact.revoked]


def _anchor(rule: Rule, fact: Fact, versions: Versions) -> date:
    if rule.anchor == "ended":
        return fact.ended_on or fact.started_on
    return fact.started_on if rule.anchor == "started" else fact.recorded_at.astimezone(versions.zone).date()


def _matches(rule: Rule, fact: Fact, versions: Versions, day: date) -> bool:
    if rule.kind != fact.kind or _anchor(rule, fact, versions) > day:
        return False
    if rule.area_levels is None or fact.kind != "area_stay" or fact.area is None:
        return True
    last = fact.ended_on or day
    covering = (fact.area, fact.area[:4] + "00", fact.area[:2] + "0000")
    return any(
        entry.level in rule.area_levels
        and entry.area in covering
        and entry.from_day <= last
        and (entry.to_day is None or entry.to_day >= fact.started_on)
        for entry in versions.risk_areas.get(rule.version_id, [])
    )


def _released(rule: Rule, fact: Fact, seen: list[Fact], eyes: Eyes, versions: Versions, day: date) -> bool:
    anchor = _anchor(rule, fact, versions)
    since = [other for other in seen if anchor <= other.started_on <= day]
    if any(other.kind in rule.cleared_by for other in since):
        return True
    if rule.hold_days is None or day < anchor + timedelta(days=rule.hold_days):
        return False
    if longest_run(eyes.check_ins, anchor, day) < rule.checkin_days:
        return False
    tests, last = 0, date.min
    for taken in sorted(other.started_on for other in since if other.kind == "negative_test"):
        if tests == 0 or (taken - last).days >= rule.test_gap_days:
            tests, last = tests + 1, taken
    return tests >= rule.tests
