"""What must hold in every world: the invariants of the diagnosis, monotone release, no regard to order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import (
    FACTORS,
    Hit,
    Inputs,
    World,
    diagnose,
    disagreements,
    effective,
    hits,
    hybrid,
    hybrid_colours,
    inputs_of,
    turns_green_on,
    verdict,
)
from tests.oracle.hits import ONE_DAY, goes_on
from tests.worlds import FORESEEABLE_DAYS, Scene, scenes

T = TypeVar("T")


def disagreeing_pairs(scene: Scene) -> Iterator[tuple[str, str, str]]:
    """(citizen, provider, provider)"""
    for one in disagreements(scene.world, scene.day, scene.as_of):
        for a, b in combinations(one.colours, 2):
            if one.colours[a] != one.colours[b]:
                yield one.citizen, a, b


@given(scenes())
def test_identical_inputs_never_disagree(scene: Scene) -> None:
    world = scene.world
    for citizen, a, b in disagreeing_pairs(scene):
        inputs_a = inputs_of(world, a, scene.day, scene.as_of)
        inputs_b = inputs_of(world, b, scene.day, scene.as_of)
        assert inputs_a
        assert inputs_b
        assert inputs_a != inputs_b
        assert hybrid(inputs_a, inputs_b, FACTORS) == inputs_b
        assert hybrid(inputs_a, inputs_b, ()) == inputs_a
        assert hits(world, citizen, hybrid(inputs_a, inputs_b, FACTORS)) == hits(world, citizen, inputs_b)


@given(scenes())
def test_what_two_providers_share_is_never_why_they_differ(scene: Scene) -> None:
    world = scene.world
    for citizen, a, b in disagreeing_pairs(scene):
        found = diagnose(world, citizen, a, b, scene.day, scene.as_of)
        named = {factor for swap in found.swaps_a_to_b | found.swaps_b_to_a for factor in swap}
        if world.provider(a).source == world.provider(b).source:
            assert not named & {"source", "freshness"}
        if world.provider(a).rule_set == world.provider(b).rule_set:
            assert "rules" not in named


@given(scenes())
def test_swaps_are_sufficient_minimal_and_complete(scene: Scene) -> None:
    world = scene.world
    for citizen, a, b in disagreeing_pairs(scene):
        found = diagnose(world, citizen, a, b, scene.day, scene.as_of)
        wanted = verdict(world, citizen, b, scene.day, scene.as_of).state
        inputs_a = inputs_of(world, a, scene.day, scene.as_of)
        inputs_b = inputs_of(world, b, scene.day, scene.as_of)
        assert inputs_a
        assert inputs_b
        assert found.swaps_a_to_b
        colours = hybrid_colours(world, citizen, inputs_a, inputs_b)
        for swap in found.swaps_a_to_b:
            assert colours[swap] == wanted
            assert all(colours[smaller] != wanted for smaller in colours if smaller < swap)
        for other, colour in colours.items():
            assert colour != wanted or any(swap <= other for swap in found.swaps_a_to_b)


@given(scenes())
def test_trading_places_leaves_the_diagnosis(scene: Scene) -> None:
    for citizen, a, b in disagreeing_pairs(scene):
        one_way = diagnose(scene.world, citizen, a, b, scene.day, scene.as_of)
        other_way = diagnose(scene.world, citizen, b, a, scene.day, scene.as_of)
        assert one_way.primary_cause == other_way.primary_cause
        assert one_way.swaps_a_to_b == other_way.swaps_b_to_a
        assert one_way.swaps_b_to_a == other_way.swaps_a_to_b


@given(scenes())
def test_release_is_monotone(scene: Scene) -> None:
    """With nothing new and the same rules, a hit that was released stays released – but for stays that go on."""
    world = scene.world
    for provider in world.providers:
        inputs = inputs_of(world, provider.code, scene.day, scene.as_of)
        if inputs is None:
            continue
        for citizen in world.citizens:
            gone: set[object] = set()
            before: set[object] = set()
            for ahead in range(20):
                later = hits(world, citizen, replace(inputs, day=inputs.day + ahead * ONE_DAY))
                now: set[object] = {hit.key for hit in later if not may_come_back(world, inputs, hit)}
                gone |= before - now
                assert not gone & now
                before = now


def may_come_back(world: World, inputs: Inputs, hit: Hit) -> bool:
    """A stay without an end is judged anew when its area is listed again."""
    fact = next(one for one in world.facts if one.ref == hit.fact)
    rule = next(one for one in inputs.rule_set_version.rules if one.code == hit.rule_code)
    return goes_on(rule, fact)


@given(scenes(), st.integers(0, 10))
def test_the_order_in_which_things_are_told_does_not_matter(scene: Scene, seed: int) -> None:
    world = scene.world
    other = replace(
        world,
        facts=shuffled(world.facts, seed),
        check_ins=shuffled(world.check_ins, seed),
        registrations=shuffled(world.registrations, seed),
        rule_sets=shuffled(world.rule_sets, seed),
        sources=tuple(replace(one, batches=shuffled(one.batches, seed)) for one in world.sources),
        suppressions=shuffled(world.suppressions, seed),
    )
    assert answers(world, scene) == answers(other, scene)


def shuffled(things: tuple[T, ...], seed: int) -> tuple[T, ...]:
    return tuple(Random(seed).sample(things, len(things)))


def answers(world: World, scene: Scene) -> list[object]:
    return [
        (
            effective(world, citizen, scene.day, scene.as_of),
            [verdict(world, citizen, one.code, scene.day, scene.as_of) for one in world.providers],
        )
        for citizen in world.citizens
    ]


@given(scenes())
def test_a_verdict_that_is_not_green_names_a_hit_of_its_colour(scene: Scene) -> None:
    for citizen in scene.world.citizens:
        for provider in scene.world.providers:
            found = verdict(scene.world, citizen, provider.code, scene.day, scene.as_of)
            colours = {hit.colour for hit in found.hits}
            if found.state == "red":
                assert "red" in colours
            elif found.state == "yellow":
                assert colours == {"yellow"}
            else:
                assert not colours


@given(scenes(max_people=1))
def test_the_day_it_turns_green_is_green_when_it_comes(scene: Scene) -> None:
    """… had the citizen really checked in healthy on every day until then."""
    world = scene.world
    for provider in world.providers:
        turns_green = turns_green_on(world, "c0", provider.code, scene.day, scene.as_of, days_ahead=FORESEEABLE_DAYS)
        inputs = inputs_of(world, provider.code, turns_green or scene.day, scene.as_of)
        if turns_green is None or inputs is None:
            continue
        assert turns_green >= scene.day
        assert hits(world, "c0", replace(inputs, assumed_healthy_from=scene.day)) == []
