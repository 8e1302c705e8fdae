"""The database of a test session: two open cities, seen with the application's login, so that grants are really tried.

A test that commits gets a copy of its own, which costs a few tenths of a second and leaves nothing behind.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg2
import psycopg2.extensions
from django.conf import settings
from django.db import connection
from psycopg2 import sql

from codes.opening import open_city
from codes.rule_sets.version_file import read_versions
from portal.embedded.state import open_state
from regions.city_file import read_city_file
from regions.schemas import prepare_database
from regions.tenancy import as_owner

CITY_FILES = Path(__file__).parent / "cities"
OPENED_AT = datetime(2026, 11, 1, tzinfo=UTC)
PREFIX = "test_portal_"
DROP_ATTEMPTS = 120
# The database of the installation, from which the others are made and dropped; nothing in it is touched.
HOME = str(settings.DATABASES["default"]["NAME"])
_copies = count(1)


@contextmanager
def session_database() -> Iterator[None]:
    """Make the database and open the cities; drop it at the end. Two sessions at once have one each."""
    name = f"{PREFIX}{os.getpid()}"
    _drop_left_behind()
    with raw_owner(HOME) as server:
        _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        _run(server, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'", name)
    with _connected_to(name):
        # Roles belong to the whole server: two sessions that make the same ones would trip over each other.
        with open_state().locked("tests"), as_owner():
            prepare_database()
            for schema in ("alpha", "beta"):
                file = read_city_file(CITY_FILES / f"{schema}.toml")
                open_city(file, read_versions(file.path, file.rule_sets), by="tests", now=OPENED_AT)
        yield
    with raw_owner(HOME) as server:
        _drop(server, name)


@contextmanager
def own_copy() -> Iterator[None]:
    """Work on a copy of the session's database, which may be committed to."""
    original = connection.settings_dict["NAME"]
    name = f"{original}_{next(_copies)}"
    connection.close()
    with raw_owner(HOME) as server:
        _run(server, "CREATE DATABASE {} TEMPLATE {}", name, original)
        # A copy has the rights within the database, and not those on it.
        _run(server, "REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC", name)
    try:
        with _connected_to(name):
            yield
    finally:
        with raw_owner(HOME) as server:
            _drop(server, name)


@contextmanager
def raw_owner(database: str | None = None) -> Iterator[psycopg2.extensions.connection]:
    """A connection of the owner's own, every statement by itself; it may do to any table what nobody else may."""
    place = connection.settings_dict
    raw = psycopg2.connect(
        host=place["HOST"],
        port=place["PORT"],
        dbname=database or place["NAME"],
        user=settings.OWNER_LOGIN["USER"],
        password=settings.OWNER_LOGIN["PASSWORD"],
    )
    raw.autocommit = True
    try:
        yield raw
    finally:
        raw.close()


def database_urls() -> dict[str, str]:
    """The environment with which another process works on the database of the running test."""
    place = connection.settings_dict
    logins = {"DATABASE_URL": place, "DATABASE_OWNER_URL": settings.OWNER_LOGIN}
    return {
        variable: f"postgresql://{login['USER']}:{login['PASSWORD']}@{place['HOST']}:{place['PORT']}/{place['NAME']}"
        for variable, login in logins.items()
    }


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    """Point the connection, and those of other threads, to a database for the block."""
    place = connection.settings_dict
    before = place["NAME"]
    connection.close()
    place["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        place["NAME"] = before


def _drop_left_behind() -> None:
    """Remove the databases of sessions that were killed."""
    with raw_owner(HOME) as server, server.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [PREFIX.replace("_", r"\_") + "%"])
        names = [name for (name,) in cursor.fetchall()]
        for name in names:
            process = name.removeprefix(PREFIX).partition("_")[0]
            if not Path(f"/proc/{process}").exists():
                _drop(server, name)


def _drop(server: psycopg2.extensions.connection, name: str) -> None:
    """An autovacuum worker at work in the database is the superuser's, so the owner has to wait until it is done."""
    for attempt in range(DROP_ATTEMPTS):
        try:
            _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        except psycopg2.errors.InsufficientPrivilege:
            if attempt == DROP_ATTEMPTS - 1:
                raise
            time.sleep(0.5)
        else:
            return


def _run(server: psycopg2.extensions.connection, statement: str, *names: str) -> None:
    with server.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
