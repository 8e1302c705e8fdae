"""Whole cities with the day and the instant to judge: small difficult ones that Hypothesis can shrink, and large random ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import hypothesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.oracle import (
    Batch,
    Declaration,
    Provider,
    Ruling,
    Source,
    World,
    coloured_verdicts,
    facts_of_check_ins,
    facts_of_declarations,
    held_verdicts,
)
from tests.worlds.calendar import NOW, TODAY, ZONE, day, tick
from tests.worlds.dice import Dice, DrawnDice, SeededDice
from tests.worlds.entries import draw_entries
from tests.worlds.records import draw_records, draw_suppressions, draw_wrong_versions
from tests.worlds.rules import draw_rule_sets

SOURCE_CODES = ("police", "bigdata", "hospitals")
PROVIDER_CODES = ("alipay", "wechat", "cityapp")


@dataclass(frozen=True)
class Scene:
    """A world, the day and the instant. The facts of the `declarations` are already in the world.

    They are kept for tests that load a world as entries.
    """

    world: World
    day: date
    as_of: datetime
    declarations: tuple[Declaration, ...] = ()


def draw_source(dice: Dice, code: str) -> Source:
    """Draw a source: fresh, late, too old by an hour, silent, or without any batch.

    The last batch may be accepted after the scene's `as_of`. A silent source has delivered a part of its records, and
    people may have declared something since.
    """
    max_age = timedelta(hours=dice.pick((720, 720, 26, 720, 24)))
    if dice.once_in(15):
        return Source(code, max_age)
    complete = NOW - dice.pick((1, 0, 2, 3, 4, 12, 24))
    batches = [Batch(tick(-9), tick(-12)), Batch(tick(complete), tick(complete))]
    if dice.once_in(4):
        batches.append(Batch(tick(NOW + 1), tick(NOW)))
    return Source(code, max_age, tuple(batches))


def draw_ruling(dice: Dice, scene: Scene, citizen: str) -> Ruling:
    """Draw a ruling that weighed all hits, none, or all but the first. It may be over, or may have been ended early."""
    asked = (scene.world, citizen, scene.day, scene.as_of)
    said = coloured_verdicts(*asked) | held_verdicts(*asked)
    hits = sorted({hit.key for one in said.values() for hit in one.hits})
    approved_at = dice.pick((tick(NOW - 4), tick(NOW - 1), tick(NOW + 1), None))
    return Ruling(
        citizen=citizen,
        colour=dice.pick(("green", "yellow", "red")),
        approved_at=approved_at,
        ends_on=day(TODAY + dice.pick((7, 0, -1))),
        weighed=frozenset(dice.pick((hits, [], hits[1:]))),
        ended_at=dice.pick((None, None, tick(NOW), tick(NOW + 2))) if approved_at else None,
    )


def draw_scene(dice: Dice, people: int, least_rules: int) -> Scene:
    citizens = tuple(f"c{number}" for number in range(people))
    sources = SOURCE_CODES[: dice.pick((2, 1, 3))]
    versions = draw_rule_sets(dice, dice.pick((2, 1, 3)), least_rules)
    rule_sets = sorted({version.code for version in versions})
    providers = tuple(
        Provider(code, _mostly_its_own(dice, sources, place), _mostly_its_own(dice, rule_sets, place))
        for place, code in enumerate(PROVIDER_CODES[: dice.pick((2, 2, 3))])
    )
    entries = draw_entries(dice, citizens, tuple(one.code for one in providers))
    facts = [
        *draw_records(dice, citizens, sources, versions),
        *facts_of_declarations(entries.declarations, ZONE),
        *facts_of_check_ins(entries.check_ins, ZONE),
    ]
    world = World(
        providers=providers,
        sources=tuple(draw_source(dice, code) for code in sources),
        rule_sets=versions,
        citizens=citizens,
        facts=tuple(facts),
        check_ins=entries.check_ins,
        registrations=entries.registrations,
        suppressions=tuple(draw_suppressions(dice, facts)),
        interim_policy=dice.pick(("strictest", "freshest", *(f"prefer:{one.code}" for one in providers))),
        zone=ZONE,
    )
    asked_on = TODAY + dice.pick((0, 0, 0, -1, 1))
    scene = Scene(world, day(asked_on), tick(NOW), entries.declarations)
    rulings = tuple(draw_ruling(dice, scene, citizen) for citizen in citizens if dice.once_in(6))
    wrong = (*world.suppressions, *draw_wrong_versions(dice, facts))
    return replace(scene, world=replace(world, rulings=rulings, suppressions=wrong))


def _mostly_its_own(dice: Dice, codes: Sequence[str], place: int) -> str:
    return codes[(place + dice.pick((0, 0, 1))) % len(codes)]


@st.composite
def scenes(draw: DrawFn, max_people: int = 4) -> Scene:
    """Draw small worlds, each with the day and the instant to judge."""
    return _draw_small(DrawnDice(draw), max_people)


def draw_scenes(take: Callable[[Scene], object], *, examples: int, seed: int | None = None) -> None:
    """Call `take` with small worlds: with a seed the same ones in the same order each time, if it never fails, else new ones."""

    @settings(
        max_examples=examples,
        derandomize=seed is not None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(scenes())
    def each(scene: Scene) -> None:
        take(scene)

    (each if seed is None else hypothesis.seed(seed)(each))()


def small_world(seed: int) -> Scene:
    """Draw a small world from a seed: ten times as fast as by Hypothesis, but without shrinking."""
    return _draw_small(SeededDice(seed), max_people=4)


def _draw_small(dice: Dice, max_people: int) -> Scene:
    return draw_scene(dice, dice.number(1, max_people), least_rules=2)


def worlds(max_people: int = 4) -> SearchStrategy[World]:
    """Draw small worlds without their scenes, to be judged for day(TODAY) as of tick(NOW)."""
    return scenes(max_people).map(lambda scene: scene.world)


def random_world(seed: int, people: int) -> Scene:
    """Draw a world of many people from a seed. The same seed gives the same world."""
    return draw_scene(SeededDice(seed), people, least_rules=6)
