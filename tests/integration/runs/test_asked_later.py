"""Effective codes against the oracle, asked at the run's own day and on days after it, in worlds with silent sources and rulings.

Asked for one person, for many, and counted: all three agree with the oracle, and nothing is written by asking.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from codes.effective import count_effective_codes, effective_codes
from codes.models import Citizen, EffectiveChange, EffectiveCode, Run
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.models import City
from tests.integration.engine.loading import load_world
from tests.oracle import Ruling, Settled, effective_when_asked
from tests.worlds import Scene, random_world

SEEDS = (1, 2, 3, 4, 6, 7, 10, 18, 20, 26)
PEOPLE = 50
Said = dict[str, tuple[str, str]]


def as_known(scene: Scene) -> Scene:
    """With the rulings as they stood at the run's instant: what was decided later is another story."""
    kept = [_as_known(one, scene.as_of) for one in scene.world.rulings]
    return replace(scene, world=replace(scene.world, rulings=tuple(kept)))


def _as_known(ruling: Ruling, at: datetime) -> Ruling:
    ended = ruling.ended_at if ruling.ended_at and ruling.ended_at <= at else None
    approved = ruling.approved_at if ruling.approved_at and ruling.approved_at <= at else None
    return replace(ruling, approved_at=approved, ended_at=ended if approved else None)


def instants(scene: Scene) -> list[datetime]:
    """From the run's own on: the first and the last of the days about its validity, and of one a month later."""
    days = [scene.day + timedelta(days=n) for n in (0, 1, 2, 8, 30)]
    found = [datetime.combine(day, at, scene.world.zone) for day in days for at in (time.min, time(23, 59, 59))]
    return [at for at in (scene.as_of, *found) if at >= max(scene.as_of, found[0])]


def settle(scene: Scene) -> dict[str, int]:
    """The world's run; citizen → key."""
    keys = load_world(scene.world, known_at=scene.as_of)
    run, _ = start_run(by="operator:test", now=instants(scene)[0], day=scene.day, as_of=scene.as_of, collects=False)
    run = run_here(run.pk, clock=lambda: scene.as_of, progress=lambda _: None)
    assert run.state in Run.SETTLED, run.message
    return keys.citizens


def oracle_says(scene: Scene, at: datetime) -> Said:
    run = Settled(scene.day, scene.as_of)
    found = {name: effective_when_asked(scene.world, name, run, at) for name in scene.world.citizens}
    return {name: (one.colour, one.because) for name, one in found.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_shown_is_the_oracles_whenever_it_is_asked(bare_city: City, seed: int) -> None:
    scene = as_known(random_world(seed, people=PEOPLE))
    bare_city.interim_policy = scene.world.interim_policy
    keys = settle(scene)
    written = _written()
    for at in instants(scene):
        wanted = oracle_says(scene, at)
        told = effective_codes(list(keys.values()), now=at)
        assert {name: told[key][:2] for name, key in keys.items()} == wanted, at
        assert count_effective_codes(now=at) == Counter(wanted.values()), at
    assert _written() == written


def _written() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in (EffectiveCode, EffectiveChange, Citizen)]


def test_the_worlds_are_worth_asking() -> None:
    found: Counter[tuple[str, str]] = Counter()
    for seed in SEEDS:
        scene = as_known(random_world(seed, people=PEOPLE))
        for at in instants(scene)[::2]:
            found.update(oracle_says(scene, at).values())
    wanted = {
        ("red", "held"),
        ("yellow", "held"),
        ("unknown", "unknown"),
        ("unknown", "expired"),
        ("green", "agreement"),
    }
    wanted |= {("red", "policy"), ("red", "ruling"), ("green", "ruling"), ("yellow", "agreement")}
    assert {one: found[one] for one in wanted if found[one] < 3} == {}
