"""Fixtures of a city with many people for runs: rolled back after the test, or committed to the test's own database."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg2.extensions
import pytest

from codes.models import Run
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.models import City
from regions.tenancy import current_city, in_city
from tests.conftest import empty_city
from tests.integration.engine.keys import Keys
from tests.integration.engine.loading import load_world
from tests.worlds import Scene, asked_at, random_world

# This world has three providers with a source each and two rule sets. The providers disagree about every fourth person.
SEED, PEOPLE = 1, 80
PEOPLE_WITH_FACTS_IN_A_PARTITION = 8


@dataclass(frozen=True)
class Filled:
    """A city filled with a scene's world. ``schema`` is its schema name."""

    schema: str
    scene: Scene
    keys: Keys

    def start(self) -> Run:
        """Start the run of the scene's day, without collecting."""
        run, opened = start_run(
            by="system",
            now=asked_at(self.scene.day, self.scene.as_of),
            day=self.scene.day,
            as_of=self.scene.as_of,
            collects=False,
        )
        assert opened
        return run

    def finish_here(self, run: Run) -> Run:
        return run_here(run.pk, clock=lambda: self.scene.as_of, progress=lambda _: None)


@pytest.fixture
def small_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make partitions so small that the people here need about ten."""
    monkeypatch.setattr("django.conf.settings.PARTITION_CITIZENS", PEOPLE_WITH_FACTS_IN_A_PARTITION)


@pytest.fixture
def filled(bare_city: City, small_partitions: None) -> Filled:
    """The filled city, rolled back at the end."""
    return fill(random_world(SEED, PEOPLE))


@pytest.fixture
def committed(owner: psycopg2.extensions.connection, small_partitions: None) -> Iterator[Filled]:
    """The filled city, committed, so that other connections and processes see it. The test runs inside the city."""
    scene = random_world(SEED, PEOPLE)
    with owner.cursor() as cursor:  # the application's role may not update cities
        cursor.execute("UPDATE regions_city SET interim_policy = %s", [scene.world.interim_policy])
    with in_city("beta"):
        empty_city()
        yield fill(scene)


def decided_by_then(scene: Scene) -> Scene:
    """Return the scene without suppressions decided after its instant.

    A worker's clock is later than that, and the product would judge their citizens again.
    """
    told = [
        replace(one, until=one.until if one.until and one.until <= scene.as_of else None)
        for one in scene.world.suppressions
        if one.from_instant <= scene.as_of
    ]
    return replace(scene, world=replace(scene.world, suppressions=tuple(told)))


def fill(drawn: Scene) -> Filled:
    """Load the scene into the current city."""
    scene = decided_by_then(drawn)
    city = current_city()
    city.interim_policy = scene.world.interim_policy
    return Filled(city.schema_name, scene, load_world(scene.world, known_at=scene.as_of))
