"""Fixtures of a city with runs of three days, from a world with all states. On the second day a source is too old."""

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
    """The scene and the runs of its day and the two days after it."""

    scene: Scene
    runs: tuple[Run, ...]


def run_three_days() -> Settled:
    """Fill the emptied city beta from the world and do its runs."""
    with in_city("beta") as city:
        empty_city()
        scene = scene_of(SEED, PEOPLE)
        city.interim_policy = scene.world.interim_policy
        load_people(scene)
        return Settled(scene, tuple(run_day(scene.day + n * ONE_DAY, scene.as_of + n * ONE_DAY) for n in range(3)))


@pytest.fixture
def kept_three_days(keep: Keep) -> Settled:
    """A database with the runs, which must be requested before the test's transaction begins."""
    return keep(run_three_days)


@pytest.fixture
def three_days(kept_three_days: Settled, beta: City, monkeypatch: pytest.MonkeyPatch) -> Settled:
    """The runs, inside the city. The time is the day after the last run."""
    beta.interim_policy = kept_three_days.scene.world.interim_policy
    monkeypatch.setattr("django.utils.timezone.now", lambda: kept_three_days.runs[-1].as_of + ONE_DAY)
    return kept_three_days


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty folder for exports."""
    directory = tmp_path / "exports"
    directory.mkdir()
    return directory
