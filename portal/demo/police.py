"""A stand-in police database for each city that has one: a separate database, which the city may only read."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from urllib.parse import SplitResult, urlsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, cursor
from sqlalchemy import create_engine, inspect

from portal.demo.stand_ins.police_database import CLOCK_VIEW, RECORDS_VIEW, PoliceDatabase
from portal.embedded.servers import ensure_postgres


def make_police_database(schema: str) -> None:
    """Create the stand-in, unless it exists."""
    with _server("postgres") as server:
        server.execute("SELECT FROM pg_database WHERE datname = %s", [_database(schema)])
        if server.fetchone() is None:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_database(schema))))
    police = police_database(schema)
    if not inspect(police.engine).has_table(police.clock.name):
        police.create()


@cache
def police_database(schema: str) -> PoliceDatabase:
    """Return the stand-in with its owner's rights. It keeps its connection, as a past of thirty days sets its clock thirty times."""
    url = _superuser()._replace(scheme="postgresql+psycopg2", path=f"/{_database(schema)}")
    return PoliceDatabase(create_engine(url.geturl(), pool_size=1, pool_pre_ping=True))


def reading_url(schema: str, password: str) -> str:
    """Return the URL for the city's source: a login that may read the two views and nothing else."""
    login = f"police_{schema}_reader"
    database, reader = sql.Identifier(_database(schema)), sql.Identifier(login)
    with _server("postgres") as server:
        server.execute("SELECT FROM pg_roles WHERE rolname = %s", [login])
        verb = sql.SQL("CREATE" if server.fetchone() is None else "ALTER")
        options = sql.SQL("LOGIN NOSUPERUSER NOINHERIT PASSWORD {}").format(sql.Literal(password))
        server.execute(sql.SQL("{} ROLE {} {}").format(verb, reader, options))
        server.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        server.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, reader))
    with _server(_database(schema)) as server:
        views = sql.SQL(", ").join(map(sql.Identifier, (RECORDS_VIEW, CLOCK_VIEW)))
        server.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(views, reader))
    place = _superuser()
    return f"postgresql+psycopg2://{login}:{password}@{place.hostname}:{place.port}/{_database(schema)}"


def _database(schema: str) -> str:
    return f"police_{schema}"


@cache
def _superuser() -> SplitResult:
    """Return the superuser's address, cached, as finding out whether the server runs takes a process."""
    return urlsplit(ensure_postgres().superuser)


@contextmanager
def _server(database: str) -> Iterator[cursor]:
    """Connect to the server in autocommit mode, as a database cannot be created inside a transaction."""
    with closing(psycopg2.connect(_superuser()._replace(path=f"/{database}").geturl())) as connection:
        connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        with connection.cursor() as server:
            yield server
