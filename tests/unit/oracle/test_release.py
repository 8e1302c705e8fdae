"""Worked examples of the rules: when a hit counts from, whether a stay counts, when a hit is released."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.oracle import World, verdict
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
