"""The rules of the simulated city and their new versions, drawn as for other test worlds and then made publishable."""

from __future__ import annotations

from dataclasses import replace

from tests.oracle import Rule, RuleSetVersion
from tests.simulation.known import RULE_SETS
from tests.simulation.stage import FIRST_VERSION
from tests.worlds import day
from tests.worlds.dice import Dice
from tests.worlds.rules import draw_first_version, draw_variant

LONG_BEFORE = day(-90)
LEAST_RULES = 6


def first_versions(dice: Dice) -> list[RuleSetVersion]:
    first = draw_first_version(dice, RULE_SETS[0], LEAST_RULES)
    other = draw_variant(dice, first) if dice.once_in(2) else draw_first_version(dice, RULE_SETS[1], LEAST_RULES)
    drawn = (first, replace(other, code=RULE_SETS[1]))
    return [publishable(replace(one, version=FIRST_VERSION, effective_from=LONG_BEFORE)) for one in drawn]


def next_version(dice: Dice, version: RuleSetVersion, today: int) -> RuleSetVersion:
    """Return a variant of the version that takes effect today or in a few days, not before the given version does."""
    begins = max(day(today + dice.pick((0, 1, 1, 3))), version.effective_from)
    return publishable(replace(draw_variant(dice, version), version=version.version + 1, effective_from=begins))


def publishable(version: RuleSetVersion) -> RuleSetVersion:
    """Return the version, changed so that it contains nothing for which a city's rule-set file is refused."""
    levels = {one.level for one in version.risk_areas}
    possible = [_possible(rule, levels) for rule in version.rules]
    # Several rules may have the same code, if they have different kinds or area levels.
    rules = tuple({(rule.code, rule.kind, rule.area_levels): rule for rule in reversed(possible)}.values())[::-1]
    areas = tuple(
        one if one.to_day is None else replace(one, to_day=max(one.from_day, one.to_day))
        for one in dict.fromkeys(version.risk_areas)
    )
    return replace(version, rules=rules, risk_areas=areas)


def _possible(rule: Rule, levels: set[str]) -> Rule:
    listed = tuple(sorted(one for one in rule.area_levels if one in levels))
    if rule.area_levels and not listed:
        listed = tuple(sorted(levels))
    return replace(
        rule,
        area_levels=listed,
        checkin_days=rule.checkin_days if rule.hold_days is None else min(rule.checkin_days, rule.hold_days),
        tests=0 if rule.hold_days is None else rule.tests,
        cleared_by=rule.cleared_by or (("isolation_completed",) if rule.hold_days is None else ()),
    )
