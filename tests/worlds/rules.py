"""Drawn rule sets as cities might write them: similar to each other, and using every field of a rule."""

from __future__ import annotations

from dataclasses import replace

from tests.oracle import RiskArea, Rule, RuleSetVersion
from tests.oracle.rules import Anchor
from tests.worlds.calendar import TODAY, day
from tests.worlds.dice import Dice

AREAS = ("510104", "510100", "510000", "420100", "420000")
DIVIDED = ("500157", "500105", "500157", "500112", "500100")
"""500157 is the successor of 500105 and 500112; 500100, the city, covers all three."""
LEVELS = ("high", "high", "medium", "low")
HELD_KINDS = (
    "close_contact",
    "area_stay",
    "symptom",
    "area_stay",
    "area_stay",
    "arrival",
    "positive_test",
    "contact_with_case",
    "unsure_contact",
    "overseas_arrival",
    "false_declaration",
)
CLEARINGS: tuple[tuple[str, ...], ...] = (
    (),
    ("isolation_completed",),
    (),
    ("contact_excluded", "isolation_completed"),
    (),
    ("negative_test",),
)
"""The kinds that clear. Clearing by a negative test is rare, because then no tests are counted."""

RULE_SET_CODES = ("national", "local", "strict")


def draw_area(dice: Dice) -> str:
    return dice.pick(DIVIDED if dice.once_in(3) else AREAS)


def draw_rule(dice: Dice, code: str) -> Rule:
    """Draw a rule. Most rules with tests require little else; otherwise the tests would rarely matter."""
    kind = dice.pick(HELD_KINDS)
    tests = dice.pick((0, 0, 2, 1, 3))
    by_tests = tests > 0 and not dice.once_in(4)
    hold_days = dice.pick((0, 3)) if by_tests else dice.pick((14, 7, 3, 0, None))
    cleared_by = dice.pick(CLEARINGS)
    stays = kind == "area_stay"
    anchors: tuple[Anchor, ...] = ("started", "ended", "recorded")
    return Rule(
        code=code,
        kind=kind,
        colour=dice.pick(("red", "yellow")),
        anchor=dice.pick(("ended", *anchors) if stays else anchors),
        hold_days=hold_days,
        checkin_days=0 if by_tests else dice.pick((0, 0, 3, 7, 14)),
        tests=tests,
        test_gap_days=dice.pick((0, 1, 2)),
        cleared_by=cleared_by or (("isolation_completed",) if hold_days is None else ()),
        area_levels=dice.pick((("high",), (), ("high", "medium"), ("high", "low"), ("low",))) if stays else (),
    )


def draw_risk_area(dice: Dice) -> RiskArea:
    """Draw a risk-area entry: until further notice, for a few days, or until shortly before the judged day."""
    from_day = TODAY - dice.number(-3, TODAY)
    to_day = dice.pick((None, from_day + 3, TODAY - 2, None, from_day, TODAY - 5, from_day + 10))
    return RiskArea(
        draw_area(dice), dice.pick(LEVELS), day(from_day), None if to_day is None else day(max(from_day, to_day))
    )


def draw_first_version(dice: Dice, code: str, least_rules: int) -> RuleSetVersion:
    count = least_rules + sum(1 for _ in dice.up_to(4))
    rules = [draw_rule(dice, f"A{number}") for number in range(count)]
    risk_areas = [draw_risk_area(dice), *(draw_risk_area(dice) for _ in dice.up_to(6))]
    return RuleSetVersion(code, 1, day(-90), tuple(rules), tuple(risk_areas))


def draw_variant(dice: Dice, version: RuleSetVersion) -> RuleSetVersion:
    """Return the version with at most one difference: a rule redrawn, dropped or added, or another risk list."""
    what = dice.pick(("nothing", "redrawn", "dropped", "added", "risk list"))
    place = dice.number(0, len(version.rules) - 1)
    before, rule, after = version.rules[:place], version.rules[place], version.rules[place + 1 :]
    if what == "redrawn":
        redrawn = replace(draw_rule(dice, rule.code), kind=rule.kind, area_levels=rule.area_levels)
        return replace(version, rules=(*before, redrawn, *after))
    if what == "dropped":
        return replace(version, rules=before + after)
    if what == "added":
        return replace(version, rules=(*version.rules, draw_rule(dice, "B0")))
    if what == "risk list":
        return replace(version, risk_areas=tuple(draw_risk_area(dice) for _ in dice.up_to(3)))
    return version


def draw_rule_sets(dice: Dice, count: int, least_rules: int) -> tuple[RuleSetVersion, ...]:
    """Draw `count` rule sets. Each may get a second version that takes effect shortly before or after the judged day."""
    first = draw_first_version(dice, RULE_SET_CODES[0], least_rules)
    versions = [first]
    for code in RULE_SET_CODES[1:count]:
        variant = draw_first_version(dice, code, least_rules) if dice.once_in(3) else draw_variant(dice, first)
        # In some worlds no version of this rule set is in force yet.
        versions.append(replace(variant, code=code, effective_from=day(TODAY + 2 if dice.once_in(12) else -90)))
    for version in list(versions):
        if version.rules and dice.once_in(3):
            second = draw_variant(dice, version)
            begins = max(day(TODAY + dice.number(-3, 5)), version.effective_from)
            versions.append(replace(second, version=2, effective_from=begins))
    return tuple(versions)
