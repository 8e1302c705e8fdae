"""The database of a test session: two open cities, used with the application's login, so that privileges are tested.

The server keeps a template of it until something it depends on changes. Only the first session after a change runs the
migrations, in one of its processes. A test that commits gets its own copy, which takes a few tenths of a second and is
dropped afterwards.
"""

import json
import os
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast

import psycopg2
import psycopg2.extensions
from django.conf import settings
from django.db import connection, transaction
from psycopg2 import sql

from codes.opening import open_city
from codes.rule_sets.version_file import read_versions
from portal.embedded.state import CHECKOUT, open_state
from regions.backend.base import DatabaseWrapper
from regions.city_file import read_city_file
from regions.models import City
from regions.rights import create_city_role
from regions.schemas import prepare_database, repeatable
from regions.tenancy import as_owner

CITY_FILES = Path(__file__).parent / "cities"
OPENED_AT = datetime(2026, 11, 1, tzinfo=UTC)
CITIES = ("alpha", "beta")
PREFIX = "test_portal_"
TEMPLATE_PREFIX = "template_test_portal_"
# The files on which the template can depend: rather too many than too few.
MADE_FROM = ("regions", "codes", "tests/cities", "tests/own_database.py", "portal/settings.py", "requirements.lock")
DROP_ATTEMPTS = 120
# The database of the installation. It is only connected to for creating and dropping the others; its data is not changed.
HOME = str(settings.DATABASES["default"]["NAME"])
_copies = count(1)
T = TypeVar("T")
# Function and arguments → the database, and the pickled answer: reading that again takes less than half the time of `deepcopy`.
_kept: dict[tuple[Any, ...], tuple[str, bytes]] = {}
# Open sessions, kept until a test uses their database again: a new session must load all catalogue data again.
_parked: dict[str, Any] = {}


@contextmanager
def session_database() -> Iterator[None]:
    """Create the database with open cities, and drop it at the end. Concurrent sessions have one each."""
    name = f"{PREFIX}{os.getpid()}"
    _drop_left_behind()
    # One process makes the template while the others wait. The lock is also needed for roles, which belong to the server.
    with open_state().locked("tests"):
        template = _template()
        with raw_owner(HOME) as server:
            _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
            _copy(server, template, name)
        with _connected_to(name), as_owner():
            for city in City.objects.all():
                create_city_role(city)
    with _connected_to(name):
        yield
    _kept.clear()
    while _parked:
        _parked.popitem()[1].close()
    with raw_owner(HOME) as server:
        for made in (*_databases_of(server, f"{name}_"), name):
            _drop(server, made)


@contextmanager
def kept_copy(build: Callable[..., T], *arguments: Any) -> Iterator[T]:
    """Work on a copy of the database in which ``build`` was called once for the session. Yield a copy of its result.

    Use it for data with which many tests begin and which each changes in a transaction that is rolled back. Enter it before
    that transaction begins. If a transaction has begun, or the test already works on a copy, ``build`` is called there.
    """
    original, key = connection.settings_dict["NAME"], (build, *arguments)
    if connection.in_atomic_block or original != f"{PREFIX}{os.getpid()}":
        yield build(*arguments)
        return
    if key not in _kept:
        name = f"{original}_kept_{len(_kept)}"
        connection.close()  # a database can be copied only while nobody is connected to it
        with raw_owner(HOME) as server:
            _copy(server, original, name)
        with _connected_to(name), transaction.atomic():
            answer = build(*arguments)
            connection.run_on_commit = []  # as in a test, where nothing is ever committed
        _kept[key] = name, pickle.dumps(answer)
    name, kept = _kept[key]
    with _resumed(name):
        yield cast("T", pickle.loads(kept))  # noqa: S301 - pickled here


@contextmanager
def own_copy() -> Iterator[None]:
    """Work on a copy of the session's database, in which transactions may be committed."""
    original = connection.settings_dict["NAME"]
    name = f"{original}_{next(_copies)}"
    connection.close()
    with raw_owner(HOME) as server:
        _copy(server, original, name)
    try:
        with _connected_to(name):
            yield
    finally:
        with raw_owner(HOME) as server:
            _drop(server, name)


@contextmanager
def raw_owner(database: str | None = None) -> Iterator[psycopg2.extensions.connection]:
    """Open a connection of the database owner with autocommit. The owner has all privileges on all tables."""
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


# Copies of one template have equal table OIDs, so that a lock's relation alone is a table of every test database.
WAITS_FOR = """
SELECT pid FROM pg_locks WHERE NOT granted AND relation = %s::regclass
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def waiting_for(cursor: Any, table: str) -> list[int]:
    """Return the process ids of the backends that wait for a lock of the table, in the cursor's database."""
    cursor.execute(WAITS_FOR, [table])
    return [pid for (pid,) in cursor.fetchall()]


def database_urls() -> dict[str, str]:
    """Return the environment variables with which another process uses the database of the running test."""
    place = connection.settings_dict
    logins = {"DATABASE_URL": place, "DATABASE_OWNER_URL": settings.OWNER_LOGIN}
    return {
        variable: f"postgresql://{login['USER']}:{login['PASSWORD']}@{place['HOST']}:{place['PORT']}/{place['NAME']}"
        for variable, login in logins.items()
    }


def _template() -> str:
    """Return the template database, made again if something it depends on has changed. Call it while holding the lock."""
    wanted, state = f"{TEMPLATE_PREFIX}{_sum_of_what_it_is_made_from()}", open_state()
    facts = state.load("tests")
    with raw_owner(HOME) as server:
        present = _databases_of(server, TEMPLATE_PREFIX)
        if wanted not in present or facts.get("template") != wanted:
            for name in present:
                _drop(server, name)
            draft = f"{TEMPLATE_PREFIX}draft"
            _run(server, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'", draft)
            with _connected_to(draft), as_owner():
                prepare_database()
                for schema in CITIES:
                    file = read_city_file(CITY_FILES / f"{schema}.toml")
                    open_city(file, read_versions(file.path, file.rule_sets), by="tests", now=OPENED_AT)
            # Rename it last: a database with the final name is complete.
            _run(server, "ALTER DATABASE {} RENAME TO {}", draft, wanted)
            facts = {"template": wanted, "statements of a city": json.dumps(repeatable)}
            state.save("tests", facts)
    repeatable[:] = json.loads(facts["statements of a city"])
    return wanted


def _sum_of_what_it_is_made_from() -> str:
    files = [
        path for place in MADE_FROM for path in (CHECKOUT / place, *(CHECKOUT / place).rglob("*")) if path.is_file()
    ]
    logins = [settings.APP_LOGIN, settings.OWNER_LOGIN["USER"], str(settings.CITY_LOGINS)]
    made_from = sha256(repr([settings.KEY_ENCRYPTION_KEY, settings.SECRET_KEY, *logins]).encode())
    for path in sorted(path for path in files if path.suffix != ".pyc"):
        made_from.update(f"{path.relative_to(CHECKOUT)}\0{sha256(path.read_bytes()).hexdigest()}\0".encode())
    return made_from.hexdigest()[:24]


def _copy(server: psycopg2.extensions.connection, original: str, name: str) -> None:
    # Copying the two thousand small files takes a third of the time of writing their pages to the write-ahead log.
    _run(server, "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, original)
    # The privileges on the database itself are not copied.
    _run(server, "REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC", name)
    # Let no commit wait for the disk: losing data when the machine fails does not matter here.
    _run(server, "ALTER DATABASE {} SET synchronous_commit = off", name)


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    """Use the database in this and other threads' connections for the block."""
    place = connection.settings_dict
    before = place["NAME"]
    connection.close()
    place["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        place["NAME"] = before


@contextmanager
def _resumed(name: str) -> Iterator[None]:
    """Use the database for the block, keeping the sessions of both databases open. Call it outside transactions and cities."""
    before = connection.settings_dict["NAME"]
    _resume(name)
    try:
        yield
    finally:
        _resume(before)


def _resume(name: str) -> None:
    database = cast("DatabaseWrapper", connection)
    if database._parked:  # those of cities' own logins
        database.close()
    if database.connection is not None:
        _parked[database.settings_dict["NAME"]] = database.connection
    database.settings_dict["NAME"] = name
    database.connection = _parked.pop(name, None)
    database.forget_entry()
    if database.connection is not None and not database.is_usable():
        database.close()


def _drop_left_behind() -> None:
    """Remove the databases of sessions that were killed."""
    with raw_owner(HOME) as server:
        for name in _databases_of(server, PREFIX):
            process = name.removeprefix(PREFIX).partition("_")[0]
            if not Path(f"/proc/{process}").exists():
                _drop(server, name)


def _databases_of(server: psycopg2.extensions.connection, prefix: str) -> list[str]:
    with server.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        return [name for (name,) in cursor.fetchall()]


def _drop(server: psycopg2.extensions.connection, name: str) -> None:
    """Drop the database. Retry while an autovacuum worker is in it, which the owner has no privilege to terminate."""
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
