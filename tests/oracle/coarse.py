"""Coarse stays: they match nothing because their area is larger than every entry they could fall into (semantics §3)."""

from __future__ import annotations

from collections import Counter
from datetime import date

from tests.oracle.facts import FactVersion, Origin, RecordKey
from tests.oracle.rules import RiskArea
from tests.oracle.verdicts import version_in_force
from tests.oracle.world import World


def coarse_stays(world: World, source: str, day: date) -> Counter[str]:
    """Return area → number of the source's stays that are coarse for at least one rule set that its providers use.

    Of each record the latest version counts.
    """
    rule_sets = {one.rule_set for one in world.providers if one.source == source}
    found: Counter[str] = Counter()
    for stay in latest_versions(world, Origin("source", source)):
        if stay.kind == "area_stay" and stay.area and not stay.revoked and stay.started_on <= day:
            found[stay.area] += any(is_coarse(world, stay, rule_set, day) for rule_set in rule_sets)
    return +found


def latest_versions(world: World, origin: Origin) -> list[FactVersion]:
    latest: dict[RecordKey, FactVersion] = {}
    for fact in world.facts:
        if fact.origin == origin:
            before = latest.get(fact.key, fact)
            latest[fact.key] = max(before, fact, key=lambda one: (one.recorded_at, one.received_at, one.version))
    return list(latest.values())


def is_coarse(world: World, stay: FactVersion, rule_set: str, day: date) -> bool:
    """Return whether an entry at a level of some rule lies inside the stay's area on a day of the stay, and none covers it."""
    version = version_in_force(world, rule_set, day) if is_in_force(world, rule_set, day) else None
    if version is None or stay.area is None:
        return False
    levels = {level for rule in version.rules if rule.kind == "area_stay" for level in rule.area_levels}
    last = min(stay.ended_on or day, day)
    met = [one for one in version.risk_areas if one.level in levels and meets(one, stay.started_on, last)]
    inside = [one for one in met if lies_in(one.area, stay.area)]
    return bool(inside) and not any(lies_in(stay.area, one.area) for one in met)


def is_in_force(world: World, rule_set: str, day: date) -> bool:
    return any(one.code == rule_set and one.effective_from <= day for one in world.rule_sets)


def meets(entry: RiskArea, first: date, last: date) -> bool:
    return max(entry.from_day, first) <= min(entry.to_day or last, last)


def lies_in(area: str, outer: str) -> bool:
    """Return whether the area is part of the outer one: 510000 is a province, 510100 a city, 510104 only itself."""
    kept = 2 if outer.endswith("0000") else 4 if outer.endswith("00") else 6
    return area[:kept] == outer[:kept]
