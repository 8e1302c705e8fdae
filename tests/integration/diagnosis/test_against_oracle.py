"""A whole run against the oracle: disagreements, effective codes, sufficient swaps and causes, with sound root causes."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time
from functools import cache
from itertools import combinations

import pytest
from django.db import transaction

from codes.effective import effective_code
from codes.models import Case, Disagreement, Ruling
from regions.models import City
from tests.integration.diagnosis.running import WORLDS_AT_A_TIME, Diagnosed, as_oracle_says_it, diagnosed
from tests.integration.diagnosis.sound_causes import assert_is_sound
from tests.oracle import Verdict, coloured_verdicts, diagnose, disagreements, effective, held_verdicts
from tests.oracle.effective import suspended
from tests.worlds import Scene, random_world
from tests.worlds.together import one_city, try_all

# Worlds with many causes in them; the last test sees to it that they stay so.
LARGE_WORLDS = (3, 51, 57, 59, 68, 69, 87, 90, 102, 106)


def assert_as_the_oracle_says(found: Diagnosed, parts: Sequence[Scene]) -> None:
    """Of the city of these scenes."""
    wanted = {one.citizen: one.colours for part in parts for one in disagreements(part.world, part.day, part.as_of)}
    assert dict(Disagreement.objects.values_list("citizen__ref", "colours")) == wanted
    assert set(Case.objects.filter(kind="disagreement").values_list("citizen__ref", flat=True)) == wanted.keys()
    pairs = {
        (citizen, a, b)
        for citizen, colours in wanted.items()
        for a, b in combinations(sorted(colours), 2)
        if colours[a] != colours[b]
    }
    assert found.pairs.keys() == pairs
    for part in parts:
        asked = (part.day, part.as_of)
        # A run may be of the day before its instant: asked on its day, for a ruling may end with it.
        noon = datetime.combine(part.day, time(12), part.world.zone)
        for citizen in part.world.citizens:
            said = effective_code(found.keys.citizens[citizen], now=noon)
            assert said[:2] == effective(part.world, citizen, *asked), citizen
        for (citizen, a, b), row in found.of(part).items():
            assert as_oracle_says_it(row) == diagnose(part.world, citizen, a, b, *asked)
            assert_is_sound(row)


def agree(parts: list[Scene]) -> None:
    with transaction.atomic():
        assert_as_the_oracle_says(diagnosed(one_city(parts)), parts)
        transaction.set_rollback(True)


def test_drawn_worlds(bare_city: City) -> None:
    try_all(agree, examples=150, at_a_time=WORLDS_AT_A_TIME, seed=2)


@cache
def large_world(seed: int) -> Scene:
    return random_world(seed, people=150)


@pytest.mark.parametrize("seed", LARGE_WORLDS)
def test_larger_worlds(bare_city: City, seed: int) -> None:
    """And rulings are suspended by what they did not weigh."""
    scene = large_world(seed)
    found = diagnosed(scene)
    assert_as_the_oracle_says(found, [scene])
    assert found.run.counts["causes"] == dict(Counter(row.primary_cause for row in found.pairs.values()))
    assert_rulings_are_suspended(found, scene)


def assert_rulings_are_suspended(found: Diagnosed, scene: Scene) -> None:
    """Those that did not weigh everything, and a case is opened for each."""
    names = {key: name for name, key in found.keys.citizens.items()}
    in_force = [
        one
        for one in scene.world.rulings
        if one.approved_at
        and one.approved_at <= scene.as_of
        and scene.day <= one.ends_on
        and not (one.ended_at and one.ended_at <= scene.as_of)
    ]
    wanted = {one.citizen for one in in_force if suspended(one, all_verdicts(scene, one.citizen))}
    stored = Ruling.objects.filter(state="approved", suspended_at__isnull=False).values_list("citizen", flat=True)
    assert {names[key] for key in stored} == wanted
    assert set(Case.objects.filter(kind="suspension").values_list("citizen__ref", flat=True)) == wanted


def all_verdicts(scene: Scene, citizen: str) -> dict[str, Verdict]:
    """Of the providers that have a colour, and of those whose source is silent."""
    asked = (scene.world, citizen, scene.day, scene.as_of)
    return coloured_verdicts(*asked) | held_verdicts(*asked)


def test_all_causes_occur_in_the_larger_worlds() -> None:
    causes: Counter[str] = Counter()
    for seed in LARGE_WORLDS:
        scene = large_world(seed)
        for one in disagreements(scene.world, scene.day, scene.as_of):
            for a, b in combinations(one.colours, 2):
                if one.colours[a] != one.colours[b]:
                    causes[diagnose(scene.world, one.citizen, a, b, scene.day, scene.as_of).primary_cause] += 1
    assert all(causes[cause] >= 5 for cause in ("freshness", "rules", "declaration", "source", "interaction")), causes
