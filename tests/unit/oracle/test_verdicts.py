"""Worked examples of states, forecasts and effective codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.oracle import (
    Batch,
    Provider,
    Registration,
    RiskArea,
    RuleSetVersion,
    Ruling,
    Settled,
    Source,
    World,
    coloured_verdicts,
    disagreements,
    effective,
    effective_when_asked,
    forecast,
    held_verdicts,
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


@pytest.mark.parametrize(("until", "turns_green_on"), [(8, 12), (None, None)])
def test_a_stay_without_an_end_is_green_when_its_listing_ends_or_once_they_say_they_left(
    until: int | None, turns_green_on: int | None
) -> None:
    stays = rule(kind="area_stay", anchor="ended", area_levels=["high"], hold_days=4)
    world = city([stays], [fact("area_stay", 3, area="510104")])
    listing = RiskArea("510104", "high", march(1), march(until) if until else None)
    world = replace(world, rule_sets=(replace(world.rule_sets[0], risk_areas=(listing,)),))
    found = forecast(world, LI, "alipay", march(5), at(5))
    assert found.turns_green_on == (march(turns_green_on) if turns_green_on else None)
    assert [one.act for one in found.missing] == ([] if until else ["left"])


def test_an_end_planned_beyond_the_horizon_of_forecasts_leaves_only_waiting() -> None:
    stay = fact("area_stay", 3, area="510104", ended=500)
    found = forecast(city([rule(kind="area_stay", anchor="ended")], [stay]), LI, "alipay", march(5), at(5))
    assert [one.act for one in found.missing] == ["wait"]


def test_without_a_version_in_force_the_state_is_unknown() -> None:
    world = city([rule()], [fact("close_contact", 1)])
    world = replace(world, rule_sets=(replace(world.rule_sets[0], effective_from=march(6)),))
    assert [verdict(world, LI, "alipay", march(day), at(5)).state for day in (5, 6)] == ["unknown", "red"]


def showing(shows: dict[str, str], policy: str) -> World:
    """Provider → what it shows to Li: each has its own source, and a rule of that colour for one common fact.

    "silent red" would be red by what its source said last. "silent" has never had a version in force.
    """
    colours = {code: state.removeprefix("silent").strip() for code, state in shows.items()}
    rule_sets = [
        RuleSetVersion(
            code,
            1,
            march(0 if colour else 11),
            (rule(code=code, colour=colour),) if colour in ("red", "yellow") else (),
        )
        for code, colour in colours.items()
    ]
    horizons = {code: at(4) if state.startswith("silent") else HORIZONS[code] for code, state in shows.items()}
    return city(
        [],
        [fact("close_contact", 1, origin="city")],
        providers=tuple(Provider(code, code, code) for code in shows),
        sources=tuple(
            Source(code, timedelta(days=5), () if state == "unknown" else (Batch(at("9 13"), horizons[code]),))
            for code, state in shows.items()
        ),
        rule_sets=tuple(rule_sets),
        registrations=tuple(Registration(LI, code, at(0)) for code, state in shows.items() if state != "not_applied"),
        interim_policy=policy,
    )


def ruling(row: Row, world: World) -> Ruling:
    said = coloured_verdicts(world, LI, march(10), at(10)) | held_verdicts(world, LI, march(10), at(10))
    hits = {hit.key for one in said.values() for hit in one.hits}
    approved = row.get("approved", 9)
    return Ruling(
        citizen=LI,
        colour=row["colour"],
        approved_at=at(approved) if approved else None,
        ends_on=march(row.get("ends", 20)),
        ended_at=at(row["ended"]) if "ended" in row else None,
        weighed=frozenset(hits if row["weighed"] else ()),
    )


@pytest.mark.parametrize("row", rows("effective"))
def test_effective(row: Row) -> None:
    world = showing(row["shows"], row.get("policy", "strictest"))
    shown = {code: verdict(world, LI, code, march(10), at(10)).state for code in row["shows"]}
    assert shown == {code: "unknown" if "silent" in state else state for code, state in row["shows"].items()}
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


RUN = Settled(march(10), at(10))


@pytest.mark.parametrize(
    ("shows", "asked", "told"),
    [
        ({"a": "green"}, "10 13", ("green", "agreement")),
        ({"a": "green"}, "11 23.9", ("green", "agreement")),
        ({"a": "green"}, "12 0", ("unknown", "expired")),
        ({"a": "yellow"}, "12 0", ("unknown", "expired")),
        ({"a": "green", "b": "yellow"}, "12 0", ("unknown", "expired")),
        ({"a": "red"}, "31 0", ("red", "agreement")),
        ({"a": "red", "b": "green"}, "31 0", ("red", "policy")),
        ({"a": "silent red", "b": "green"}, "31 0", ("red", "held")),
        ({"a": "silent yellow", "b": "green"}, "12 0", ("unknown", "expired")),
        ({"a": "unknown"}, "12 0", ("unknown", "unknown")),
    ],
)
def test_what_a_run_settled_is_valid_to_the_end_of_the_next_day(
    shows: dict[str, str], asked: str, told: tuple[str, str]
) -> None:
    assert effective_when_asked(showing(shows, "strictest"), LI, RUN, at(asked)) == told


def test_a_city_may_shorten_it_and_without_a_run_nothing_is_known() -> None:
    world = showing({"a": "green"}, "strictest")
    assert effective_when_asked(world, LI, RUN, at("11 0"), valid_days=0) == ("unknown", "expired")
    assert effective_when_asked(world, LI, None, at("10 13")) == ("unknown", "unknown")


@pytest.mark.parametrize(
    ("about", "asked", "told"),
    [
        ({"colour": "green", "ends": 10}, "10 23.9", ("green", "ruling")),
        ({"colour": "green", "ends": 10}, "11 0", ("red", "policy")),
        ({"colour": "green", "ends": 20}, "12 0", ("unknown", "expired")),
        ({"colour": "red", "ends": 20}, "12 0", ("red", "ruling")),
        ({"colour": "green", "approved": "10 15"}, "10 14", ("red", "policy")),
        ({"colour": "green", "approved": "10 15"}, "10 15", ("green", "ruling")),
        ({"colour": "green", "ended": "10 15"}, "10 14", ("green", "ruling")),
        ({"colour": "green", "ended": "10 15"}, "10 15", ("red", "policy")),
    ],
)
def test_a_ruling_is_looked_at_when_the_code_is_asked_for(about: Row, asked: str, told: tuple[str, str]) -> None:
    world = showing({"a": "red", "b": "green"}, "strictest")
    world = replace(world, rulings=(ruling({"weighed": True, **about}, world),))
    assert effective_when_asked(world, LI, RUN, at(asked)) == told


def test_what_is_held_follows_its_hold_and_what_is_declared_meanwhile() -> None:
    world = showing({"a": "silent yellow", "b": "green"}, "strictest")
    assert effective(world, LI, march(14), at(14)) == ("yellow", "held")
    fresh = tuple(replace(one, batches=(Batch(at(14), at(14)),)) if one.code == "b" else one for one in world.sources)
    later = replace(world, sources=fresh)
    assert effective(later, LI, march(14), at(14)) == ("yellow", "held")
    assert effective(later, LI, march(15), at(15)) == ("green", "agreement")
    declared = fact("close_contact", 12, origin="alipay", received=12)
    declared = replace(declared, origin=declared.origin._replace(code="a"))
    later = replace(later, facts=(*later.facts, declared))
    assert effective(later, LI, march(15), at(15)) == ("yellow", "held")
