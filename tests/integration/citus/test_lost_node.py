"""When a node is lost, its cities stop and the others continue."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection

from codes import tasks
from codes.effective import count_effective_codes
from codes.models import Run
from regions.each_city import CitiesFailed
from regions.models import CityStanding
from regions.tenancy import in_city
from tests.integration.citus.cluster import DATABASE, Cluster, Node
from tests.integration.citus.days import assert_settled, run_day

# The cities are made for the first test.
pytestmark = pytest.mark.timeout(1200)

NOW = datetime(2026, 11, 2, tzinfo=UTC)
ACTIVE = "UPDATE pg_dist_node SET isactive = %s WHERE nodename = %s AND nodeport = %s"
SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


@contextmanager
def lost(cluster: Cluster, node: Node) -> Iterator[None]:
    """The node ends all sessions of the database, and lets nobody in."""
    cluster.query(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false", node=node, database="postgres")
    cluster.query(SESSIONS, DATABASE, node=node, database="postgres")
    try:
        yield
    finally:
        cluster.query(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true", node=node, database="postgres")
        connection.close()


@contextmanager
def out_of_service(cluster: Cluster, node: Node) -> Iterator[None]:
    """As the operator does it, on the coordinator."""
    cluster.query(ACTIVE, False, *node)
    try:
        yield
    finally:
        cluster.query(ACTIVE, True, *node)


def test_the_other_cities_go_on(cluster: Cluster) -> None:
    node = cluster.places()["north"]
    with in_city("middle"):
        codes = count_effective_codes(now=NOW)
    with lost(cluster, node):
        with pytest.raises(OperationalError), in_city("north"):
            Run.objects.exists()
        with in_city("middle"):
            assert count_effective_codes(now=NOW) == codes
        others = {schema for schema, place in cluster.places().items() if place != node}
        with pytest.raises(CitiesFailed, match="north"):
            tasks.sum_up_cities()
        assert {one.city.schema_name for one in CityStanding.objects.all()} >= others
        # What a run stores is handed to all nodes that are in service, so that a lost one has to be taken out.
        with out_of_service(cluster, node), in_city("middle"):
            assert_settled(run_day("middle", after=3))
    with in_city("north"):
        assert_settled(run_day("north", after=3))
