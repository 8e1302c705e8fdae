"""A city that has run for three days, by a world in which every state occurs: on the second a source has become stale."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from codes.models import Run
from regions.models import City
from regions.tenancy import in_city
from tests.conftest import Keep, empty_city
from tests.integration.reports.days import ONE_DAY, load_people, run_day, scene_of
from tests.worlds import Scene

SEED = 53
PEOPLE = 60


@dataclass(frozen=True)
class Settled:
    """The runs in their order: the world's day, and the two after it."""

    scene: Scene
    runs: tuple[Run, ...]


def run_three_days() -> Settled:
    """The runs of beta, emptied and filled from the world."""
    with in_city("beta") as city:
        empty_city()
        scene = scene_of(SEED, PEOPLE)
        city.interim_policy = scene.world.interim_policy
        load_people(scene)
        return Settled(scene, tuple(run_day(scene.day + n * ONE_DAY, scene.as_of + n * ONE_DAY) for n in range(3)))


@pytest.fixture
def kept_three_days(keep: Keep) -> Settled:
    """The database in which they are: before the test's transaction begins."""
    return keep(run_three_days)


@pytest.fixture
def three_days(kept_three_days: Settled, beta: City, monkeypatch: pytest.MonkeyPatch) -> Settled:
    """Exports are asked for on the day after the last."""
    beta.interim_policy = kept_three_days.scene.world.interim_policy
    monkeypatch.setattr("django.utils.timezone.now", lambda: kept_three_days.runs[-1].as_of + ONE_DAY)
    return kept_three_days


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where exports are written to, and nothing else."""
    directory = tmp_path / "exports"
    directory.mkdir()
    return directory
