"""A city that has run for three days, by a world in which every state occurs: on the second a source has become stale."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from codes.models import Run
from regions.models import City
from tests.integration.reports.days import ONE_DAY, load_people, run_day, scene_of
from tests.worlds import Scene

SEED = 53
PEOPLE = 60


@dataclass(frozen=True)
class Settled:
    """The runs in their order: the world's day, and the two after it."""

    scene: Scene
    runs: tuple[Run, ...]


@pytest.fixture
def three_days(bare_city: City, monkeypatch: pytest.MonkeyPatch) -> Settled:
    """Exports are asked for on the day after the last."""
    scene = scene_of(SEED, PEOPLE)
    bare_city.interim_policy = scene.world.interim_policy
    load_people(scene)
    runs = tuple(run_day(scene.day + n * ONE_DAY, scene.as_of + n * ONE_DAY) for n in range(3))
    monkeypatch.setattr("django.utils.timezone.now", lambda: runs[-1].as_of + ONE_DAY)
    return Settled(scene, runs)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where exports are written to, and nothing else."""
    directory = tmp_path / "exports"
    directory.mkdir()
    return directory
