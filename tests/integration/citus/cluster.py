"""A database of the tests' own on the Citus cluster that ``CITUS_URL`` names: a superuser's URL of a database on its coordinator.

The cluster's nodes are those of that database. What the portal's owner and application do there they do as in production: each
session of a city is logged in as it.
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
# Which node of which database a city is on, by the coordinator.
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
    """``nodes``: the coordinator first."""

    superuser: str
    nodes: tuple[Node, ...]

    def query(self, statement: str, *parameters: object, node: Node | None = None, database: str = DATABASE) -> Any:
        """The rows of a statement of the superuser's, on the coordinator or another node."""
        place: dict[str, Any] = {"host": node[0], "port": node[1]} if node else {}
        place["options"] = "-c citus.override_table_visibility=off"  # what lies on a node is hidden there otherwise
        raw = psycopg2.connect(make_dsn(self.superuser, dbname=database, **place))
        raw.autocommit = True
        try:
            with raw.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            raw.close()

    def places(self) -> dict[str, Node]:
        """City → the node that it is on."""
        return {schema: (host, port) for schema, host, port in self.query(PLACES)}


@contextmanager
def own_cluster_database(url: str) -> Iterator[Cluster]:
    """Prepared, and without a city; removed again at the end."""
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
    """In this order: without the extension a role is made on one node only, and without the roles no city's table is made."""
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
    """The connection is the application's, to the coordinator."""
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
