"""The PostgreSQL and the broker that the plans restart, kill and empty: embedded ones, or the operator's by environment variables.

``FAULTS_DATABASE_URL`` is the URL of an empty server, with a superuser; ``FAULTS_BROKER_URL`` is that of a broker.
``FAULTS_DATABASE_RESTART`` and ``FAULTS_BROKER_RESTART`` are shell commands that restart them immediately.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import psycopg2
import psycopg2.extensions
from amqp.exceptions import ChannelError
from celery import Celery
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError
from psycopg2 import sql

from portal.embedded import postgres, valkey
from portal.embedded.state import open_state

PATIENCE_SECONDS = 60
DATABASE, BUILT = "portal", "portal_built"
QUEUE = "portal"
OWNER, APPLICATION = "portal_owner", "portal_app"


@dataclass
class Servers:
    """The two servers. ``urls`` are the environment variables of every process that uses them."""

    superuser: str
    broker: str
    urls: dict[str, str] = field(repr=False)
    _eyes: dict[str, psycopg2.extensions.connection] = field(default_factory=dict, repr=False)
    _ear: Connection | None = None

    @contextmanager
    def cursor(self, database: str = DATABASE) -> Iterator[psycopg2.extensions.cursor]:
        """Open a cursor of the superuser with autocommit."""
        with closing(psycopg2.connect(self._url(database), connect_timeout=3)) as raw:
            raw.autocommit = True
            with raw.cursor() as cursor:
                yield cursor

    def look(self, query: str, *, database: str = DATABASE) -> list[tuple[Any, ...]]:
        """Return the rows of the query, or no rows while the database is unavailable. The connection is kept open."""
        try:
            if database not in self._eyes:
                self._eyes[database] = psycopg2.connect(self._url(database), connect_timeout=3)
                self._eyes[database].autocommit = True
            with self._eyes[database].cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall()
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self._eyes.pop(database, None)
            return []

    def keep_as_built(self) -> None:
        """Keep the present database as the one of which every plan gets a copy."""
        with self.cursor("postgres") as server:
            _end_all(server)
            server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (DATABASE, BUILT))))

    def build_again(self) -> None:
        """Replace the database of the last plan with a fresh copy of the built one."""
        portal, built = sql.Identifier(DATABASE), sql.Identifier(BUILT)
        with self.cursor("postgres") as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(portal))
            statement = "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY WAL_LOG"
            server.execute(sql.SQL(statement).format(portal, built, sql.Identifier(OWNER)))
            # The privileges on the database itself are not copied.
            server.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(portal))
            # A sequence is copied with values that only the original has logged ahead in the WAL. Without a checkpoint,
            # PostgreSQL would return them twice after a crash.
            server.execute("CHECKPOINT")

    def terminate_backends(self) -> None:
        with self.cursor("postgres") as server:
            _end_all(server)

    def restart_database(self) -> None:
        """Restart PostgreSQL in immediate mode: without a checkpoint, and all connections are lost."""
        if command := os.environ.get("FAULTS_DATABASE_RESTART"):
            subprocess.run(command, shell=True, check=True)  # noqa: S602 - the operator's own command
        else:
            state = open_state()
            with state.locked(postgres.NAME):
                server = postgres.find(state)
                program = f"{state.load(postgres.NAME)['programs']}/pg_ctl"
                server.account.run([program, "stop", "--pgdata", server.data, "--mode=immediate"], timeout=60)
                server.start()
        self._wait_for_database()

    def restart_broker(self) -> None:
        if command := os.environ.get("FAULTS_BROKER_RESTART"):
            subprocess.run(command, shell=True, check=True)  # noqa: S602 - the operator's own command
            return
        state = open_state()
        with state.locked(valkey.NAME):
            server = valkey.find(state)
            server.stop()
            server.start()

    def empty_broker(self) -> None:
        """Delete the waiting messages; on Redis also those that were received but not acknowledged."""
        with Celery(broker=self.broker, set_as_current=False) as client, client.connection_for_write() as connection:
            channel = connection.default_channel
            if hasattr(channel, "client"):
                channel.client.flushall()
            else:
                client.control.purge(connection=connection)

    def waiting_messages(self) -> int:
        """Return the number of messages that no worker has received. The connection is kept open."""
        self._ear = self._ear or Connection(self.broker)
        away = cast("tuple[type[Exception], ...]", (BrokerError, *self._ear.connection_errors))
        try:
            channel: Any = self._ear.default_channel
            return int(channel.queue_declare(queue=QUEUE, passive=True).message_count)
        except ChannelError:  # the queue does not exist: no message was ever sent
            self._ear = None
            return 0
        except away:  # the broker was restarted since: messages may be waiting
            self._ear = None
            return 1

    def _url(self, database: str) -> str:
        return urlsplit(self.superuser)._replace(path=f"/{database}").geturl()

    def _wait_for_database(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with self.cursor("postgres"):
                    return
            except psycopg2.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def _end_all(server: psycopg2.extensions.cursor) -> None:
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [DATABASE])


def start() -> Servers:
    """Start and return the servers of the present state directory, or return the operator's."""
    if named := os.environ.get("FAULTS_DATABASE_URL"):
        place = urlsplit(named)
        netloc = f"{place.hostname}:{place.port or 5432}"
        _drop_left_behind(named)
        passwords = {"PORTAL_OWNER_PASSWORD": "owner", "PORTAL_APP_PASSWORD": "app"}
        command = ["psql", "--no-psqlrc", f"--file={postgres.ROLES}", place._replace(path="/postgres").geturl()]
        subprocess.run(command, check=True, env={**os.environ, **passwords}, stdout=subprocess.DEVNULL)
        owner, app = (
            f"postgresql://{user}:{word}@{netloc}/{DATABASE}" for user, word in ((OWNER, "owner"), (APPLICATION, "app"))
        )
        superuser = named
    else:
        # Only processes are killed here, never the machine: what a process has written survives without fsync.
        postgres.SETTINGS.update(fsync="off")
        if "PORTAL_PG_BIN" not in os.environ:
            # After each fault, processes connect again, and most of that time is spent on password hashing. The setting
            # exists from PostgreSQL 16 on.
            postgres.SETTINGS.update(scram_iterations="1")
        state = open_state()
        server = postgres.find(state)
        with state.locked(postgres.NAME):
            server.start()
        urls = server.urls()
        owner, app, superuser = urls.owner, urls.app, urls.superuser
    broker = os.environ.get("FAULTS_BROKER_URL", "")
    if not broker:
        state = open_state()
        with state.locked(valkey.NAME):
            valkey.find(state).start()
        broker = valkey.find(state).url()
    return Servers(superuser, broker, {"DATABASE_URL": app, "DATABASE_OWNER_URL": owner, "CELERY_BROKER_URL": broker})


def _drop_left_behind(superuser: str) -> None:
    """Drop the databases that earlier plans left because they did not finish."""
    with Servers(superuser, "", {}).cursor("postgres") as server:
        for name in (DATABASE, BUILT):
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def stop() -> None:
    """Stop the servers of the present state directory."""
    state = open_state()
    for name, server in ((postgres.NAME, postgres.find(state)), (valkey.NAME, valkey.find(state))):
        with state.locked(name):
            server.stop()
