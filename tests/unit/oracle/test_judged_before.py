"""Worlds that follow one another share what they judged, and each says what it would say if it judged anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.oracle import CheckIn, RuleSetVersion, Suppression, World, verdict
from tests.unit.oracle.march import LI, POLICE, at, city, fact, march, noon_of, rule

HELD = fact("close_contact", 1)
FIRST = rule(hold_days=2, checkin_days=2)


def _record_revoked(world: World) -> World:
    return replace(world, facts=(*world.facts, replace(HELD, version=2, revoked=True)))


def _record_wrong(world: World) -> World:
    return replace(world, suppressions=(Suppression(POLICE, HELD.record_id, at(2)),))


def _checked_in(world: World) -> World:
    days = [march(number) for number in (1, 2, 3, 4)]
    return replace(world, check_ins=tuple(CheckIn(LI, "alipay", day, True, noon_of(day)) for day in days))


def _another_version(world: World) -> World:
    milder = RuleSetVersion("national", 2, march(2), (rule(hold_days=1),))
    return replace(world, rule_sets=(*world.rule_sets, milder))


@pytest.mark.parametrize("learns", [_record_revoked, _record_wrong, _checked_in, _another_version])
def test_what_a_city_learns_is_judged(learns: Callable[[World], World]) -> None:
    before = city([FIRST], [HELD], judged_before={})
    asked = LI, "alipay", march(6), at(6)
    assert verdict(before, *asked).state == "red"
    assert verdict(learns(before), *asked) == verdict(replace(learns(before), judged_before=None), *asked)
    assert verdict(learns(before), *asked).state == "green"


def test_what_was_read_before_is_not_judged_again() -> None:
    world = city([FIRST], [HELD], judged_before={})
    first = verdict(world, LI, "alipay", march(6), at(6))
    later = replace(world, facts=(*world.facts, fact("close_contact", 7, received=7)))
    assert verdict(later, LI, "alipay", march(6), at(6)) is first
