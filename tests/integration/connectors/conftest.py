"""Fixtures of sources: a stand-in big-data centre for each test, and databases of PostgreSQL, MariaDB and SQLite."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from portal.demo.stand_ins.big_data_centre import BigDataCentre, running
from portal.demo.stand_ins.big_data_store import BigDataStore
from portal.embedded.servers import ensure_postgres
from portal.embedded.state import EmbeddedServerError
from regions.sources.connectors.guard import AllowList
from tests.certificates import certify
from tests.integration.connectors.samples import AS_OF, NAMED, SECRET, Centre, records
from tests.integration.runs.installed import program


@pytest.fixture
def loopback() -> AllowList:
    """The addresses that are permitted in debug mode."""
    return AllowList.parse(None, debug=True)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    """A centre with 25 records of an app, complete up to AS_OF."""
    store = BigDataStore(str(tmp_path / "centre.sqlite"))
    store.add_records("chengdu", records(25))
    store.set_clock("chengdu", AS_OF)
    with running(BigDataCentre(store, {"chengdu": SECRET})) as base_url:
        yield Centre(store, base_url)
    store.close()


@pytest.fixture(scope="session")
def postgres_server() -> URL:
    """A superuser's URL of a PostgreSQL server."""
    try:
        return make_url(ensure_postgres().superuser).set(drivername="postgresql+psycopg2")
    except EmbeddedServerError as error:
        pytest.skip(f"no PostgreSQL to try: {error}")


def make_database(server: URL, options: str = "") -> URL:
    """Create a database on the server. Return its URL."""
    name = f"connectors_{secrets.token_hex(4)}"
    _on_server(server, f"CREATE DATABASE {name} {options}")
    return server.set(database=name)


def drop_database(url: URL) -> None:
    """Drop the database, even if sessions are connected to it."""
    _on_server(url.set(database="postgres"), f"DROP DATABASE {url.database} WITH (FORCE)")


def _on_server(server: URL, statement: str) -> None:
    """Execute a statement outside of any transaction."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


@pytest.fixture(scope="session")
def postgres_url(postgres_server: URL) -> Iterator[URL]:
    """An empty PostgreSQL database."""
    url = make_database(postgres_server)
    yield url
    drop_database(url)


@pytest.fixture
def postgres(postgres_url: URL) -> Iterator[Engine]:
    """An engine on a PostgreSQL database without tables."""
    engine = create_engine(postgres_url, poolclass=NullPool)
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS jk CASCADE"))
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        connection.execute(text("GRANT USAGE ON SCHEMA public TO PUBLIC"))


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files of a certificate for ``NAMED`` and of its key."""
    return certify(tmp_path_factory.mktemp("certificate"), NAMED)


@pytest.fixture(scope="session")
def mariadb_url(tmp_path_factory: pytest.TempPathFactory, certified: tuple[Path, Path]) -> Iterator[URL]:
    """An empty MariaDB database on its own server, which supports TLS. Tests are skipped if MariaDB is not installed."""
    server = program(shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"), "mariadb-server")
    installer = program(shutil.which("mariadb-install-db"), "mariadb-server")
    home = tmp_path_factory.mktemp("mariadb")
    certificate, key = certified
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    owner = ["--user=root"] if os.geteuid() == 0 else []
    common = ["--no-defaults", f"--datadir={home / 'data'}", *owner]
    subprocess.run(
        [installer, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    setup = home / "setup.sql"
    # The server reads one statement from each line of the file.
    setup.write_text(
        "CREATE DATABASE police CHARACTER SET utf8mb4;\n"
        "CREATE USER u@'%' IDENTIFIED BY 'hidden';\n"
        "GRANT ALL ON police.* TO u@'%';\n"
    )
    arguments = [str(server), *common, "--bind-address=127.0.0.1", f"--port={port}", f"--socket={home / 's'}"]
    arguments += ["--skip-name-resolve", f"--ssl-cert={certificate}", f"--ssl-key={key}"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen([*arguments, f"--init-file={setup}"], stdout=log, stderr=log)
    url = URL.create("mariadb+pymysql", "u", "hidden", "127.0.0.1", port, "police")
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(url: URL) -> None:
    """Wait until the server answers, at most half a minute."""
    engine = create_engine(url, poolclass=NullPool)
    end = time.monotonic() + 30
    while True:
        try:
            with engine.connect():
                return
        except OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    """An engine on a SQLite file."""
    engine = create_engine(f"sqlite+pysqlite:///{tmp_path / 'police.sqlite'}", poolclass=NullPool)
    yield engine
    engine.dispose()
