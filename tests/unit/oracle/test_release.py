"""Worked examples of the rules: when a hit counts from, whether a stay counts, when a hit is released."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.oracle import RiskArea, World, verdict
from tests.unit.oracle.march import LI, Row, at, city, fact, march, risk_area, rows, rule


def is_held(world: World, day: int) -> bool:
    return verdict(world, LI, "alipay", march(day), at(31)).state == "red"


@pytest.mark.parametrize("row", rows("release"))
def test_release(row: Row) -> None:
    clearing = [fact(kind, started, record=f"{kind}-{started}-{more}") for kind, started, *more in row.get("facts", [])]
    world = city([rule(**row["rule"])], [fact("close_contact", 1), *clearing], healthy=row.get("healthy", ""))
    assert is_held(world, row["day"]) is row["held"]


@pytest.mark.parametrize("row", rows("anchors"))
def test_anchor(row: Row) -> None:
    fields = {name: row[name] for name in ("ended", "recorded") if name in row}
    world = city([rule(anchor=row["anchor"])], [fact("close_contact", row["started"], **fields)])
    found = verdict(world, LI, "alipay", march(10), at(31))
    assert [hit.anchor for hit in found.hits] == ([march(row["counts_from"])] if "counts_from" in row else [])


@pytest.mark.parametrize("row", rows("areas"))
def test_area_levels(row: Row) -> None:
    stay = fact("area_stay", 3, area=row.get("area", "510104"), ended=None if row.get("open") else row.get("ended", 6))
    world = city([rule(kind="area_stay", area_levels=row.get("levels", ["high"]))], [stay])
    risk_areas = tuple(risk_area(entry) for entry in row.get("risk", []))
    world = replace(world, rule_sets=(replace(world.rule_sets[0], risk_areas=risk_areas),))
    assert is_held(world, 10) is row["counts"]


def test_levels_restrict_stays_only() -> None:
    assert is_held(city([rule(area_levels=["high"])], [fact("close_contact", 1)]), 2)


def test_red_before_yellow_and_both_are_named() -> None:
    rules = [rule(code="A1", colour="yellow"), rule(code="A2", kind="symptom")]
    found = verdict(city(rules, [fact("close_contact", 1), fact("symptom", 2)]), LI, "alipay", march(3), at(31))
    assert found.state == "red"
    assert [(hit.rule_code, hit.colour) for hit in found.hits] == [("A1", "yellow"), ("A2", "red")]


def test_two_rules_can_hold_one_fact() -> None:
    rules = [rule(code="A1", hold_days=7), rule(code="A2", hold_days=14)]
    world = city(rules, [fact("close_contact", 1)])
    assert [hit.rule_code for hit in verdict(world, LI, "alipay", march(9), at(31)).hits] == ["A2"]


def test_only_the_rules_of_the_version_in_force_count() -> None:
    world = city([rule(hold_days=14)], [fact("close_contact", 1)])
    milder = replace(world.rule_sets[0], version=2, effective_from=march(9), rules=(rule(hold_days=7),))
    world = replace(world, rule_sets=(*world.rule_sets, milder))
    assert is_held(world, 8)
    assert not is_held(world, 9)


def test_what_is_counted_from_its_recording_may_have_been_excluded_before() -> None:
    contact = fact("close_contact", 3, recorded=8)
    for kind, excluded_on, held in [
        ("contact_excluded", 2, True),
        ("contact_excluded", 3, False),
        ("negative_test", 8, True),
        ("negative_test", 9, False),
    ]:
        recorded = rule(anchor="recorded", until_cleared=True, cleared_by=["contact_excluded", "negative_test"])
        assert is_held(city([recorded], [contact, fact(kind, excluded_on)]), 9) is held, (kind, excluded_on)


@pytest.mark.parametrize(
    ("told_again", "counts_from"),
    [
        ([{"recorded": 9}], 5),
        ([{"recorded": 4, "received": 9}], 4),
        ([{"recorded": 9, "area": "510104"}], 9),
        ([{"recorded": 8, "area": "510104"}, {"recorded": 9}], 5),
        ([{"recorded": 8, "revoked": True}, {"recorded": 9}], 5),
        ([{"recorded": 9, "ended": 20}], 5),
        ([{"recorded": 9, "citizen": "wang"}, {"recorded": 10}], 5),
        ([{"recorded": 11}, {"recorded": 3, "received": "31 13"}], 5),
    ],
)
def test_saying_it_again_does_not_start_the_clock_again(told_again: list[Row], counts_from: int) -> None:
    versions = [{"recorded": 5}, *told_again]
    facts = [fact("close_contact", 1, record="r", version=n, **one) for n, one in enumerate(versions, start=1)]
    found = verdict(city([rule(anchor="recorded")], facts), LI, "alipay", march(12), at(31))
    assert [hit.anchor for hit in found.hits] == [march(counts_from)]


def test_revoked_from_the_first_it_counts_from_when_it_was_first_said() -> None:
    versions = [fact("close_contact", 1, record="r", version=n, recorded=3 + n, revoked=n == 1) for n in (1, 2, 3)]
    found = verdict(city([rule(anchor="recorded")], versions), LI, "alipay", march(9), at(31))
    assert [hit.anchor for hit in found.hits] == [march(5)]


def listed(**fields: Any) -> World:
    """A stay in 510104 since the 3rd, by a rule that counts from its end and a list that says 5 to 9 and 20 to 21."""
    stays = rule(kind="area_stay", anchor="ended", area_levels=["high"], hold_days=3, cleared_by=["contact_excluded"])
    world = city([stays], [fact("area_stay", 3, area="510104", **fields)])
    risk_areas = tuple(RiskArea("510100", "high", march(a), march(b)) for a, b in ((5, 9), (20, 21)))
    return replace(world, rule_sets=(replace(world.rule_sets[0], risk_areas=risk_areas),))


def test_a_stay_without_an_end_goes_on_while_its_area_is_listed() -> None:
    held = {day: verdict(listed(), LI, "alipay", march(day), at(31)).hits for day in range(3, 27)}
    assert {day: hits[0].anchor for day, hits in held.items() if hits} == {
        **{day: march(day) for day in (5, 6, 7, 8, 9, 20, 21)},
        **{day: march(9) for day in (10, 11)},
        **{day: march(21) for day in (22, 23)},
    }


def test_while_the_area_is_listed_nothing_clears_a_stay_without_an_end() -> None:
    world = listed()
    world = replace(world, facts=(*world.facts, fact("contact_excluded", 9)))
    assert [day for day in range(3, 27) if is_held(world, day)] == [5, 6, 7, 8, 9, 20, 21, 22, 23]


def test_a_planned_end_is_nowhere_released_before_it() -> None:
    world = listed(ended=12)
    world = replace(world, facts=(*world.facts, fact("contact_excluded", 11)))
    assert [day for day in range(3, 27) if is_held(world, day)] == [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]


def test_without_levels_a_stay_without_an_end_counts_from_its_start() -> None:
    world = city([rule(kind="area_stay", anchor="ended")], [fact("area_stay", 3, area="510104")])
    assert [hit.anchor for hit in verdict(world, LI, "alipay", march(9), at(31)).hits] == [march(3)]
