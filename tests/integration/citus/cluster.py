"""A database of the tests on a Citus cluster. ``CITUS_URL`` is a superuser's URL of a database on its coordinator.

The nodes of that database are used. Owner and application of the portal work as in production: each session of a city logs
in as that city.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest
from django.conf import settings
from django.db import connection
from psycopg2.extensions import make_dsn, parse_dsn

from portal.embedded.postgres import ROLES
from regions.keys.encryption import forget_cached_keys
from regions.schemas import prepare_database
from regions.tenancy import as_owner

DATABASE = f"test_portal_citus_{os.getpid()}"
# City → node, according to the coordinator.
PLACES = """
SELECT s.schema_name::text, n.nodename, n.nodeport FROM citus_schemas s
JOIN pg_dist_colocation c ON c.colocationid = s.colocation_id
JOIN pg_dist_partition p ON p.colocationid = c.colocationid
JOIN pg_dist_shard d ON d.logicalrelid = p.logicalrelid
JOIN pg_dist_placement l ON l.shardid = d.shardid
JOIN pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary'
GROUP BY 1, 2, 3
"""
Node = tuple[str, int]


@dataclass(frozen=True)
class Cluster:
    """The cluster. The first of ``nodes`` is the coordinator."""

    superuser: str
    nodes: tuple[Node, ...]

    def query(self, statement: str, *parameters: object, node: Node | None = None, database: str = DATABASE) -> Any:
        """Execute a statement as superuser on the coordinator or another node. Return its rows."""
        place: dict[str, Any] = {"host": node[0], "port": node[1]} if node else {}
        place["options"] = "-c citus.override_table_visibility=off"  # otherwise a node hides the tables on it
        raw = psycopg2.connect(make_dsn(self.superuser, dbname=database, **place))
        raw.autocommit = True
        try:
            with raw.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            raw.close()

    def places(self) -> dict[str, Node]:
        """Return city → its node."""
        return {schema: (host, port) for schema, host, port in self.query(PLACES)}


@contextmanager
def own_cluster_database(url: str) -> Iterator[Cluster]:
    """Create a prepared database without cities on the cluster, and drop it at the end."""
    found = parse_dsn(url)
    home = Cluster(url, ())
    nodes = home.query(
        "SELECT nodename, nodeport FROM pg_dist_node WHERE isactive ORDER BY groupid", database=found["dbname"]
    )
    cluster = Cluster(url, tuple(nodes))
    try:
        _make(cluster)
        with connected_to(cluster), as_owner():
            prepare_database()
        yield cluster
    finally:
        for node in cluster.nodes:
            _drop(cluster, node)


def _make(cluster: Cluster) -> None:
    """Create the database on all nodes, then the roles.

    The order matters: without the extension, a role is created on one node only; without the roles, no city's tables can be
    created.
    """
    coordinator, *others = cluster.nodes
    for node in cluster.nodes:
        cluster.query(
            f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'",
            node=node,
            database="postgres",
        )
        cluster.query("CREATE EXTENSION citus", node=node)
    cluster.query("SELECT citus_set_coordinator_host(%s, %s)", *coordinator)
    for host, port in others:
        cluster.query("SELECT citus_add_node(%s, %s)", host, port)
    passwords = {
        "PORTAL_OWNER_PASSWORD": settings.OWNER_LOGIN["PASSWORD"],
        "PORTAL_APP_PASSWORD": connection.settings_dict["PASSWORD"],
    }
    psql = shutil.which("psql") or pytest.fail("psql is not on the path")
    subprocess.run(
        [
            psql,
            "--no-psqlrc",
            f"--file={ROLES}",
            f"--set=database={DATABASE}",
            make_dsn(cluster.superuser, dbname=DATABASE),
        ],
        env={**os.environ, **passwords},
        check=True,
        capture_output=True,
    )


def _drop(cluster: Cluster, node: Node) -> None:
    cluster.query(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", node=node, database="postgres")


@contextmanager
def connected_to(cluster: Cluster) -> Iterator[None]:
    """Connect as the application to the coordinator for the block."""
    place, (host, port) = connection.settings_dict, cluster.nodes[0]
    before = {name: place[name] for name in ("HOST", "PORT", "NAME")}
    connection.close()
    forget_cached_keys()
    place.update(HOST=host, PORT=str(port), NAME=DATABASE)
    try:
        yield
    finally:
        connection.close()
        forget_cached_keys()
        place.update(before)
