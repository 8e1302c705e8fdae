"""Whether the cities are spread over the nodes of a Citus cluster, each schema whole on one (``docs/adr/0075-citus.md``)."""

from functools import cache

from django.db import connection


def is_cluster() -> bool:
    return _has_citus(
        connection.settings_dict["HOST"], connection.settings_dict["PORT"], connection.settings_dict["NAME"]
    )


@cache
def _has_citus(*_place: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')")
        return bool(cursor.fetchone()[0])


def on_node(table: str) -> str:
    """Return a FROM clause of one row that makes a function in the SELECT list run in the session on the city's node.

    The coordinator's session has other settings of the transaction, and a function run by the owner could not touch what the city's
    role has changed in it.
    """
    return f"FROM (SELECT) AS one LEFT JOIN (SELECT id FROM {table} LIMIT 1) AS beside ON true"  # noqa: S608 - a name in the code
