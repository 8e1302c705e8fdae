"""A city is opened on a node from its file, and the separation of cities holds there as elsewhere."""

import pytest
from django.db import connection, transaction
from psycopg2 import sql

from codes.opening import open_city
from codes.rule_sets.version_file import read_versions
from codes.statistics import refresh_statistics
from regions.city_file import read_city_file
from regions.journal.models import JournalEntry
from regions.staff.accounts import create_account
from regions.staff.models import Account
from regions.staff.roles import Role
from regions.tenancy import as_owner, in_city
from tests.integration.citus.cluster import Cluster
from tests.integration.citus.conftest import OPENED_AT
from tests.integration.journal.holding import journal_break
from tests.integration.tenancy.refused import is_refused
from tests.own_database import CITY_FILES

# The cities are made for the first test.
pytestmark = pytest.mark.timeout(1200)

SHARDS = """
SELECT count(DISTINCT n.nodeport), count(*), (SELECT count(*) FROM pg_tables WHERE schemaname = %s)
FROM pg_dist_shard d JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node n USING (groupid)
WHERE d.logicalrelid IN (SELECT oid FROM pg_class WHERE relnamespace = %s::regnamespace)
"""
RIGHTS = """
SELECT bool_and(has_table_privilege('city_alpha', c.oid, %s)), bool_or(has_table_privilege('city_north', c.oid, %s))
FROM pg_class c
WHERE c.relnamespace = 'alpha'::regnamespace AND c.relname ~ '^journal_journalentry(_[0-9]+)?$'
"""
ROWS_ON_NODE = """
SELECT max(reltuples) FROM pg_class WHERE relnamespace = 'north'::regnamespace AND relname ~ '^codes_registration_[0-9]+$'
"""


def test_a_city_is_whole_on_a_node(cluster: Cluster) -> None:
    ((nodes, placed, tables),) = cluster.query(SHARDS, "alpha", "alpha")
    assert (nodes, placed) == (1, tables)
    assert len({cluster.places()[schema] for schema in ("north", "middle")}) == 2


def test_its_file_is_applied_again(cluster: Cluster) -> None:
    file = read_city_file(CITY_FILES / "alpha.toml")
    with as_owner():
        opened = open_city(file, read_versions(file.path, file.rule_sets), by="tests", now=OPENED_AT)
    assert (opened.created, opened.changed) == (False, [])
    with in_city("alpha"):
        assert JournalEntry.objects.filter(verb="city.opened").exists()
        assert journal_break() is None


def test_a_city_has_its_own_rows_and_adds_only_where_it_may(cluster: Cluster) -> None:
    with in_city("alpha"):
        for statement in (
            "DELETE FROM journal_journalentry",
            "UPDATE journal_journalentry SET verb = 'x'",
            "UPDATE codes_fact SET kind = 'x'",
            "DELETE FROM staff_account",
            "SELECT FROM north.codes_citizen",
            "SELECT FROM public.regions_city",
        ):
            assert is_refused(sql.SQL(statement)), statement
        assert not is_refused(sql.SQL("UPDATE staff_account SET email = email"))


def test_it_has_the_same_rights_on_its_node(cluster: Cluster) -> None:
    for privilege, expected in (("SELECT", True), ("INSERT", True), ("UPDATE", False), ("DELETE", False)):
        found = cluster.query(RIGHTS, privilege, privilege, node=cluster.places()["alpha"])
        assert found == [(expected, False)], privilege


def test_the_journal_tells_of_the_rows_that_an_act_changed(cluster: Cluster) -> None:
    """Triggers on the node note them, where a table has another name; and each entry has its own."""
    with in_city("alpha"):
        for username in ("li", "wang"):
            with transaction.atomic():
                create_account(Account(username=username), {Role.REVIEWER}, by="system", now=OPENED_AT)
        told = [one.rows or [] for one in JournalEntry.objects.order_by("-seq")[:2]]
        assert [[one["table"] for one in rows] for rows in told] == [["staff_account", "staff_rolegrant"]] * 2
        assert [len(one["ids"]) for rows in told for one in rows] == [1] * 4
        assert journal_break() is None


def test_statistics_are_of_the_tables_on_the_node(cluster: Cluster) -> None:
    with in_city("north"), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM codes_registration")
        (rows,) = cursor.fetchone()
        refresh_statistics(["codes_registration"], changed=True)
    assert cluster.query(ROWS_ON_NODE, node=cluster.places()["north"]) == [(rows,)]
