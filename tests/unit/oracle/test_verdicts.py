"""Worked examples of states, forecasts and effective codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.oracle import (
    Batch,
    Provider,
    Registration,
    RuleSetVersion,
    Ruling,
    Source,
    World,
    disagreements,
    effective,
    forecast,
    verdict,
)
from tests.unit.oracle.march import LI, ORIGINS, Row, at, city, fact, march, rows, rule

HORIZONS = {"a": at(8), "b": at(9), "c": at(9)}


@pytest.mark.parametrize("row", rows("states"))
def test_state(row: Row) -> None:
    batches = tuple(Batch(at(one["accepted"]), at(one["as_of"])) for one in row["batches"])
    registered = row.get("registered", "1 0")
    world = city(
        [],
        [],
        sources=(Source("police", timedelta(hours=26), batches),),
        registrations=(Registration(LI, "alipay", at(registered)),) if registered else (),
    )
    assert verdict(world, LI, "alipay", march(10), at(10)).state == row["state"]


@pytest.mark.parametrize("row", rows("forecast"))
def test_forecast(row: Row) -> None:
    facts = [fact("close_contact", 1), *(fact(kind, started) for kind, started in row.get("facts", []))]
    world = city([rule(**row["rule"])], facts, healthy=row.get("healthy", ""))
    found = forecast(world, LI, "alipay", march(5), at(5))
    assert found.turns_green_on == (march(row["turns_green_on"]) if "turns_green_on" in row else None)
    missing = [{"act": one.act, "tests": one.tests, "kinds": list(one.kinds)} for one in found.missing]
    assert missing == ([{"tests": 0, "kinds": [], **row["missing"]}] if "missing" in row else [])


def test_the_forecast_knows_the_rules_to_come() -> None:
    world = city([rule(hold_days=14)], [fact("close_contact", 1)])
    milder = replace(world.rule_sets[0], version=2, effective_from=march(10), rules=(rule(hold_days=7),))
    world = replace(world, rule_sets=(*world.rule_sets, milder))
    assert forecast(world, LI, "alipay", march(5), at(5)).turns_green_on == march(10)


def showing(shows: dict[str, str], policy: str) -> World:
    """Provider → what it shows to Li: each has its own source, and a rule of that colour for one common fact."""
    rule_sets = [
        RuleSetVersion(code, 1, march(0), (rule(code=code, colour=state),) if state in ("red", "yellow") else ())
        for code, state in shows.items()
    ]
    return city(
        [],
        [fact("close_contact", 1, origin="city")],
        providers=tuple(Provider(code, code, code) for code in shows),
        sources=tuple(
            Source(code, timedelta(days=5), () if state == "unknown" else (Batch(at("9 13"), HORIZONS[code]),))
            for code, state in shows.items()
        ),
        rule_sets=tuple(rule_sets),
        registrations=tuple(Registration(LI, code, at(0)) for code, state in shows.items() if state != "not_applied"),
        interim_policy=policy,
    )


def ruling(row: Row, world: World) -> Ruling:
    hits = {hit.key for one in world.providers for hit in verdict(world, LI, one.code, march(10), at(10)).hits}
    approved = row.get("approved", 9)
    return Ruling(
        citizen=LI,
        colour=row["colour"],
        approved_at=at(approved) if approved else None,
        ends_on=march(row.get("ends", 20)),
        weighed=frozenset(hits if row["weighed"] else ()),
    )


@pytest.mark.parametrize("row", rows("effective"))
def test_effective(row: Row) -> None:
    world = showing(row["shows"], row.get("policy", "strictest"))
    shown = {code: verdict(world, LI, code, march(10), at(10)).state for code in row["shows"]}
    assert shown == row["shows"]
    if "ruling" in row:
        world = replace(world, rulings=(ruling(row["ruling"], world),))
    assert effective(world, LI, march(10), at(10)) == tuple(row["effective"])


def test_a_new_version_of_a_weighed_fact_is_a_new_hit() -> None:
    world = showing({"a": "red", "b": "green"}, "strictest")
    world = replace(world, rulings=(ruling({"colour": "green", "weighed": True}, world),))
    assert effective(world, LI, march(10), at(10)) == ("green", "ruling")
    amended = fact("close_contact", 1, origin="city", version=2, received=5, area="510100")
    world = replace(world, facts=(*world.facts, amended))
    assert effective(world, LI, march(10), at(10)) == ("red", "policy")


def test_missing_data_on_one_side_is_no_disagreement() -> None:
    for shows, colours in [
        ({"a": "red", "b": "green"}, [{"a": "red", "b": "green"}]),
        ({"a": "red", "b": "green", "c": "unknown"}, [{"a": "red", "b": "green"}]),
        ({"a": "red", "b": "unknown"}, []),
        ({"a": "red", "b": "not_applied"}, []),
        ({"a": "red", "b": "red"}, []),
    ]:
        found = disagreements(showing(shows, "strictest"), march(10), at(10))
        assert [one.colours for one in found] == colours


def test_a_fact_from_elsewhere_colours_nobody_here() -> None:
    world = city([rule()], [fact("close_contact", 1, origin="wechat"), fact("close_contact", 1, origin="bigdata")])
    assert set(ORIGINS) > {"wechat", "bigdata"}
    assert verdict(world, LI, "alipay", march(2), at(2)).state == "green"
