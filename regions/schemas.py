"""Preparing and migrating the database, and creating a city's schema, as the owner. Enter with ``tenancy.as_owner()``.

The first city's tables are created by its migrations, those of every further city by the statements recorded then. Django spends
nine tenths of a migration computing the models after each operation, which is the same for every city. A process that opens many
cities (the demo, the tests, an operator's loop over a folder) computes them once.
"""

import time
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from psycopg2 import sql
from psycopg2.errors import LockNotAvailable

from regions.each_city import for_each
from regions.models import City
from regions.rights import create_city_role, grant_city_rights, grant_public_rights
from regions.tenancy import all_schemas, city_named, ended_schemas, in_public

Statement = tuple[Any, Any, bool]
# Statements that change nothing, or only this session: queries, savepoints, the search path of the first city.
NOT_REPEATED = ("SELECT", "SHOW", "SAVEPOINT", "RELEASE SAVEPOINT", "SET SEARCH_PATH")
# Statements that create a city's tables, recorded when the first is created; empty until then.
repeatable: list[str] = []
# While a migration waits for a long query to end, all readers wait for the migration. So it stops waiting soon and retries.
LOCK_SECONDS = 2
TRIES = 60
SECONDS_BETWEEN_TRIES = 3.0


def prepare_database(*, verbosity: int = 0) -> list[str]:
    """Migrate ``public`` and every city and set all rights again. Return the cities' schema names. Safe to repeat.

    Raises ``CitiesFailed`` after the last city.
    """
    _giving_way(lambda: _migrate_public(verbosity=verbosity))
    schemas, ended = all_schemas(), ended_schemas()

    def bring_up_to_date(schema: str) -> int:
        # The journal of an ended city must stay readable; its role is granted no rights again.
        bring = migrate if schema in ended else migrate_city
        with in_public():  # again, after a migration that failed in its city
            bring(city_named(schema), verbosity=verbosity)
        return 1

    for_each([*schemas, *ended], bring_up_to_date)
    return schemas


def ensure_prepared() -> None:
    """Prepare a database that has no tables yet; updating an older one is left to ``prepare``."""
    if City._meta.db_table not in connection.introspection.table_names():
        prepare_database()


def _migrate_public(*, verbosity: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = %s", [f"{LOCK_SECONDS}s"])
    call_command("migrate_schemas", schema_name="public", interactive=False, verbosity=verbosity)
    grant_public_rights()


def migrate_city(city: City, *, verbosity: int = 0) -> None:
    """Migrate one city's schema and set its role and rights, in one transaction."""

    def at_once() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = %s", [f"{LOCK_SECONDS}s"])
            create_city_role(city)
            migrate(city, verbosity=verbosity)
            grant_city_rights(city)

    _giving_way(at_once)


def _giving_way(migrate: Callable[[], object]) -> None:
    """Retry while another session's lock was waited for too long. Raises ``OperationalError`` after the last try."""
    for tries_left in reversed(range(TRIES)):
        try:
            migrate()
        except OperationalError as error:
            if not tries_left or not isinstance(error.__cause__, LockNotAvailable):
                raise
            time.sleep(SECONDS_BETWEEN_TRIES)
        else:
            return


def create_schema(city: City) -> None:
    """Create the city's schema, tables, role and rights. Call inside a transaction, so that it is done completely or not at all."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(city.schema_name)))
    create_city_role(city)
    make_tables(city)
    grant_city_rights(city)


def make_tables(city: City) -> None:
    """Create the tables in the city's empty schema. Call as the owner, in ``public``, in the transaction that created the schema."""
    if repeatable:
        _repeat(city)
        return
    written: list[Statement] = []
    with connection.execute_wrapper(_recording(written)):
        migrate(city)
    statements = _to_repeat(written)
    # A statement naming the schema would change the first city's tables when repeated. None does; if one did, none is repeated.
    if not any(f"{city.schema_name}{end}" in text for text in statements for end in (".", '".')):
        repeatable[:] = statements


def migrate(city: City, *, verbosity: int = 0) -> None:
    call_command("migrate_schemas", schema_name=city.schema_name, interactive=False, verbosity=verbosity)


def _recording(written: list[Statement]) -> Callable[..., Any]:
    """Return an execute wrapper that records the statements that succeeded."""

    def note(execute: Callable[..., Any], text: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(text, params, many, context)
        written.append((text, params, many))
        return result

    return note


def _to_repeat(written: list[Statement]) -> list[str]:
    """Return the statements that change something, with their values inserted."""
    plain = []
    with connection.cursor() as cursor:
        for text, params, many in written:
            if not str(text).lstrip().upper().startswith(NOT_REPEATED):
                plain += [cursor.mogrify(text, values).decode() for values in (params if many else [params])]
    return plain


def _repeat(city: City) -> None:
    """Execute the statements on the city's search path, each in a message of its own: a cluster passes whole messages to the nodes."""
    path = sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(city.schema_name))
    with connection.cursor() as cursor:
        cursor.execute(path)
        for statement in repeatable:
            cursor.execute(statement)
    connection.forget_entry()  # type: ignore[attr-defined]  # regions.backend's own
