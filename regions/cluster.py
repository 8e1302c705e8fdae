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
    """A FROM clause of one row that has a function in the SELECT list called in the session that holds the city's tables.

    In the coordinator's own session settings of the transaction are others, and a function of the owner's could not touch what the
    city's role has changed in it.
    """
    return f"FROM (SELECT) AS one LEFT JOIN (SELECT id FROM {table} LIMIT 1) AS beside ON true"  # noqa: S608 - a name of the code's own
