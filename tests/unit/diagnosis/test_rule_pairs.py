"""Which rules of two versions are set against each other about a fact."""

from itertools import count

import pytest

from codes.diagnosis.finders import RulePair, rule_pairs
from codes.models import Rule

_numbers = count(1)


def rule(code: str, colour: str = "red", **parameters: object) -> Rule:
    told = {"anchor": "started", "hold_days": 14, "checkin_days": 0, "tests": 0, "test_gap_days": 0, "cleared_by": []}
    return Rule(pk=next(_numbers), code=code, kind="close_contact", colour=colour, **told | parameters)


def codes_of(pairs: list[RulePair]) -> list[tuple[str | None, str | None]]:
    return [(a.code if a else None, b.code if b else None) for a, b in pairs]


def held_by(*rules: Rule) -> set[int]:
    return {one.pk for one in rules}


def test_rules_of_one_code_belong_together() -> None:
    a, b = [rule("A4"), rule("A8", hold_days=28)], [rule("A4", hold_days=7), rule("A9", hold_days=3)]
    assert codes_of(rule_pairs(a, b, holding=held_by(a[0]))) == [("A4", "A4")]
    assert codes_of(rule_pairs(a, b, holding=held_by(*a, *b))) == [("A4", "A4"), ("A8", "A9")]


def test_a_rule_that_only_one_version_has_stands_alone() -> None:
    only = rule("A4")
    assert rule_pairs([only], [], holding=held_by(only)) == [(only, None)]
    assert rule_pairs([], [only], holding=held_by(only)) == [(None, only)]


def test_what_stands_in_both_under_whatever_code_explains_nothing() -> None:
    a, b = [rule("A4"), rule("B1", "yellow", hold_days=7)], [rule("X9")]
    assert codes_of(rule_pairs(a, b, holding=held_by(*a, *b))) == [("B1", None)]


def test_rules_that_hold_nothing_are_left_out() -> None:
    a, b = [rule("A4"), rule("A5", hold_days=3)], [rule("A4", hold_days=7), rule("A5", hold_days=4)]
    assert codes_of(rule_pairs(a, b, holding=held_by(b[1]))) == [("A5", "A5")]
    assert rule_pairs(a, b, holding=set()) == []


def test_the_most_severe_pair_comes_first() -> None:
    a = [rule("A1", "yellow", hold_days=7), rule("A2", "red")]
    b = [rule("A1", "yellow", hold_days=8), rule("A2", "red", hold_days=10)]
    assert codes_of(rule_pairs(a, b, holding=held_by(*a, *b))) == [("A2", "A2"), ("A1", "A1")]


def test_the_rest_is_set_side_by_side_the_holding_ones_first() -> None:
    a = [rule("K1", hold_days=3), rule("K2", hold_days=5)]
    b = [rule("M1", hold_days=6)]
    assert codes_of(rule_pairs(a, b, holding=held_by(a[1], b[0]))) == [("K2", "M1")]


@pytest.mark.parametrize("parameter", [{"colour": "yellow"}, {"area_levels": ["high"]}, {"cleared_by": ["discharged"]}])
def test_any_parameter_tells_rules_apart(parameter: dict[str, object]) -> None:
    a, b = rule("A4"), rule("A4", **parameter)  # type: ignore[arg-type]  # a colour is a parameter too
    assert rule_pairs([a], [b], holding=held_by(a)) == [(a, b)]


def test_which_version_is_called_a_changes_nothing() -> None:
    a = [rule("A1"), rule("A2", "yellow", hold_days=7), rule("K1", hold_days=5)]
    b = [rule("A1", hold_days=7), rule("M1", hold_days=6), rule("M2", "yellow", hold_days=2)]
    holding = held_by(*a, *b)
    assert rule_pairs(b, a, holding=holding) == [(two, one) for one, two in rule_pairs(a, b, holding=holding)]


def test_a_rule_stands_against_the_one_of_its_code_though_another_code_says_the_same() -> None:
    a = [rule("R4", area_levels=["high"]), rule("R7", area_levels=["high"])]
    b = [rule("R4", area_levels=["high", "medium"]), rule("R7", area_levels=["high"])]
    assert codes_of(rule_pairs(a, b, holding=held_by(b[0]))) == [("R4", "R4")]
