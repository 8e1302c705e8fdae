"""Fixtures of three cities on a Citus cluster, two of which have had runs on two days.

The tests are skipped unless ``CITUS_URL`` names a cluster (docs/operations.md).
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from codes.opening import open_city
from codes.rule_sets.version_file import read_versions
from regions.city_file import read_city_file
from regions.sources.connectors.guard import AllowList
from regions.tenancy import as_owner
from tests import quick_hasher
from tests.faults.cities import build, write_sources
from tests.integration.citus.cluster import Cluster, connected_to, own_cluster_database
from tests.integration.citus.days import SIZES, Exported, two_days
from tests.integration.engine.keys import Keys
from tests.own_database import CITY_FILES, own_copy

OPENED_AT = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Lived:
    """The result of the days: the keys of each city's rows, and all exports.

    ``folder`` contains the checkpoints; ``sources`` are the environment variables with the URLs of the sources.
    """

    folder: Path
    sources: dict[str, str]
    keys: dict[str, Keys]
    exported: Exported


@pytest.fixture(scope="session")
def built(
    django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Cluster, Lived]]:
    """Build the cities on the cluster: alpha is opened from its file, north and middle are filled and have runs."""
    if "CITUS_URL" not in os.environ:
        pytest.skip("CITUS_URL names no Citus cluster")
    folder = tmp_path_factory.mktemp("cluster")
    with django_db_blocker.unblock(), own_cluster_database(os.environ["CITUS_URL"]) as cluster:
        with connected_to(cluster):
            lived = live(folder)
        with connected_to(cluster), in_production(folder, lived.sources):
            file = read_city_file(CITY_FILES / "alpha.toml")
            with as_owner():
                assert open_city(file, read_versions(file.path, file.rule_sets), by="tests", now=OPENED_AT).created
        yield cluster, lived


@pytest.fixture(scope="session")
def lived_on_plain(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Lived:
    """The same two cities and days in a database of the tests' own server."""
    with django_db_blocker.unblock(), own_copy():
        return live(tmp_path_factory.mktemp("plain"))


def live(folder: Path) -> Lived:
    sources = write_sources(folder, SIZES)
    with in_production(folder, sources):
        keys = {one.schema: one.keys for one in build(SIZES)}
        return Lived(folder, sources, keys, two_days(folder))


@contextmanager
def in_production(folder: Path, sources: Mapping[str, str]) -> Iterator[None]:
    """Use the settings of production for the block: sessions log in as their city. The sources have no new records."""
    with (
        override_settings(
            CITY_LOGINS=True,
            PASSWORD_HASHERS=[quick_hasher.PATH],
            SOURCE_ALLOW_LIST=AllowList.parse("sqlite:*"),
            JOURNAL_CHECKPOINTS=folder / "checkpoints",
        ),
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, url in sources.items():
            patch.setenv(name, url)
        yield


@pytest.fixture
def cluster(built: tuple[Cluster, Lived], django_db_blocker: DjangoDbBlocker) -> Iterator[Cluster]:
    """The cluster, with the connection in its database, outside of any city."""
    made, lived = built
    with in_production(lived.folder, lived.sources), django_db_blocker.unblock(), connected_to(made):
        yield made
