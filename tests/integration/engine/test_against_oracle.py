"""The engine against the oracle: on every world both name the same colours, hits and days.

``ORACLE_EXAMPLES=N`` draws N worlds anew by Hypothesis, which finds the smallest that differs, instead of the usual ones, which
are the same every time and for the most part come from seeds: these are drawn in a tenth of the time.
"""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from codes.models import Run, VerdictChange
from codes.runs.partitions import evaluate_range
from codes.runs.steps import freeze_providers
from regions.models import City
from tests.integration.engine.comparing import Sayings, city_says, differences, oracle_says
from tests.integration.engine.loading import load_world
from tests.worlds import Scene, random_world, small_world
from tests.worlds.dice import SeededDice
from tests.worlds.rules import draw_variant
from tests.worlds.together import one_city, parts_of_cities, try_all

ASKED_FOR = os.environ.get("ORACLE_EXAMPLES")
SEEDED = 0 if ASKED_FOR else 1_700
EXAMPLES = int(ASKED_FOR or 300)
WORLDS_AT_A_TIME = 50
EVERYBODY = {"low": 0, "high": 2**62}
PENDING = 12


def judged(scene: Scene) -> Sayings:
    """Load the world, judge everybody as a run does, read what it noted, and leave nothing behind."""
    with transaction.atomic():
        keys = load_world(scene.world, known_at=scene.as_of)
        run = Run.objects.create(day=scene.day, as_of=scene.as_of, started_by="test", started_at=scene.as_of)
        freeze_providers(run)
        evaluate_range(run=run, **EVERYBODY, zone=str(scene.world.zone))
        said = city_says(run, keys, VerdictChange.objects.all())
        transaction.set_rollback(True)
    return said


def differing(parts: list[Scene]) -> list[str]:
    """A line for each verdict on which the two differ, in the city of these scenes."""
    theirs = {key: said for scene in parts for key, said in oracle_says(scene).items()}
    ours = judged(one_city(parts))
    # A citizen of one world has not applied to a provider of another.
    assert {ours.pop(pair).state for pair in ours.keys() - theirs.keys()} <= {"not_applied"}
    return differences(ours, theirs)


def agree(parts: list[Scene]) -> None:
    assert differing(parts) == []


@pytest.mark.timeout(60 + EXAMPLES)
def test_drawn_worlds(bare_city: City) -> None:
    try_all(agree, examples=EXAMPLES, at_a_time=WORLDS_AT_A_TIME, seed=None if ASKED_FOR else 1)


def test_seeded_worlds(bare_city: City) -> None:
    """The same shapes; where something differs, the seeds of the worlds that do so alone are told as well."""
    seeded = {seed: small_world(seed) for seed in range(SEEDED)}
    cities = parts_of_cities(seeded.values(), at_a_time=WORLDS_AT_A_TIME)
    found = [line for parts in cities for line in differing(parts)]
    alone = [seed for seed, scene in seeded.items() if found and differing([scene])]
    assert found == [], f"seeds {alone}"


@pytest.mark.parametrize("seed", range(8))
def test_larger_worlds(bare_city: City, seed: int) -> None:
    agree([random_world(seed, people=250)])


@pytest.mark.parametrize("seed", range(4))
def test_many_pending_versions(bare_city: City, seed: int) -> None:
    """A dozen later versions of every rule set are known already; each person is judged by all of them for the forecast."""
    scene = random_world(seed, people=40)
    dice = SeededDice(seed)
    firsts = [one for one in scene.world.rule_sets if one.effective_from < scene.day - timedelta(days=30)]
    later = [
        replace(
            draw_variant(dice, first),
            version=first.version + number,
            effective_from=scene.day + timedelta(days=2 * number),
        )
        for first in firsts
        for number in range(1, PENDING + 1)
    ]
    scene = replace(scene, world=replace(scene.world, rule_sets=(*firsts, *later)))
    agree([scene])


def test_worlds_are_worth_comparing(bare_city: City) -> None:
    """Among a few hundred people every state occurs, and every kind of forecast."""
    said = [one for seed in range(20) for one in oracle_says(random_world(seed, people=25)).values()]
    assert {one.state for one in said} == {"red", "yellow", "green", "unknown", "not_applied"}
    assert any(one.turns_green_on for one in said)
    assert any(one.waiting_rules for one in said)
    assert any(len(one.hits) > 1 for one in said)
