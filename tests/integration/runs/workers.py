"""Real worker processes on the test's own database and broker, which can be killed and followed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import psycopg2.extensions
import pytest
from celery import Celery
from django.conf import settings
from django.db import connection as django
from redis import Redis

from codes.models import Run
from portal.celery import app as portal
from portal.workers import WORKER, start_worker
from tests.forked import Fork, start
from tests.own_database import database_urls, raw_owner, waiting_for

PATIENCE_SECONDS = 60
SWEEP_SECONDS = 1.0

OTHERS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND pid <> ALL (%s)"
)


@dataclass
class Workers:
    """One worker at a time, with two processes. ``broker`` is the URL of a Valkey server for this test only."""

    schema: str
    broker: str
    log: Path
    patch: pytest.MonkeyPatch
    process: subprocess.Popen[bytes] | Fork | None = None

    def start(self, *, afresh: bool = False) -> None:
        """Start a worker, ``afresh`` by the portal's own function, which takes two seconds of processor time longer."""
        told = {
            "JOURNAL_CHECKPOINTS": str(settings.JOURNAL_CHECKPOINTS),
            "CELERY_BROKER_URL": self.broker,
            # Skip Django's system checks, which take longer than the rest of a worker's start.
            "CELERY_SKIP_CHECKS": "1",
        }
        for variable, value in {**database_urls(), **told}.items():
            self.patch.setenv(variable, value)
        if afresh:
            with self.log.open("ab") as output:
                self.process = start_worker(output.fileno())
        else:
            self.process = start("celery", "-A", "portal.celery", *WORKER, log=self.log)

    def children(self) -> list[int]:
        """Return the process ids of the children, which do the work."""
        assert self.process
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return [int(pid) for pid in listed.split()]

    def kill_children(self) -> None:
        for pid in self.children():
            os.kill(pid, signal.SIGKILL)

    def kill_all(self) -> None:
        """Kill parent and children at once, as when the machine fails."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=PATIENCE_SECONDS)

    def end(self) -> None:
        """End all processes and their connections, so that the database can be dropped."""
        self.kill_all()
        mine = django.connection.info.backend_pid if django.connection else 0
        with as_application() as cursor:
            cursor.execute(OTHERS, [[mine, cursor.connection.info.backend_pid]])
            end_connections([pid for (pid,) in cursor.fetchall()])

    def enqueue(self, task: str, *arguments: object) -> None:
        """Enqueue a task in this broker as the portal does. The test process itself may use another broker."""
        with Celery(broker=self.broker, set_as_current=False) as client, client.connection_for_write() as connection:
            client.send_task(task, args=arguments, queue=portal.conf.task_default_queue, connection=connection)

    def flush_broker(self) -> None:
        """Delete all tasks in the broker: those that wait, and those that were received but not acknowledged."""
        with Redis.from_url(self.broker) as broker:
            broker.flushall()

    def follow(self, run: Run) -> Run:
        """Sweep as the beat does until the run has ended. Return the run."""
        swept = 0.0
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            run.refresh_from_db()
            if run.state not in Run.OPEN:
                return run
            if time.monotonic() - swept > SWEEP_SECONDS:
                self.enqueue("portal.sweep")
                swept = time.monotonic()
            time.sleep(0.05)
        pytest.fail(f"run is still {run.state}; the worker's log ends:\n{self.log.read_text()[-4000:]}")


@contextmanager
def blocking(table: str) -> Iterator[Callable[[], list[int]]]:
    """Block all writes to the table for the block. Yield a function that waits for a blocked write.

    It returns the process ids of the waiting backends.
    """
    with raw_owner() as holder:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        yield lambda: _wait_for_blocked(holder, table)


def _wait_for_blocked(holder: psycopg2.extensions.connection, table: str) -> list[int]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with holder.cursor() as cursor:
            if found := waiting_for(cursor, table):
                return found
        time.sleep(0.05)
    pytest.fail(f"nobody tried to write to {table}")


@contextmanager
def as_application() -> Iterator[psycopg2.extensions.cursor]:
    """Open a second connection as the application: only its own login may terminate its backends."""
    place = django.settings_dict
    raw = psycopg2.connect(
        host=place["HOST"], port=place["PORT"], dbname=place["NAME"], user=place["USER"], password=place["PASSWORD"]
    )
    raw.autocommit = True
    try:
        with raw.cursor() as cursor:
            yield cursor
    finally:
        raw.close()


def end_connections(backends: list[int]) -> None:
    """Terminate the backends. Some may have ended by themselves since their process was killed."""
    with as_application() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid", [backends])
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)", [backends])
        assert cursor.fetchone() == (0,)


def leases_run_out(owner: psycopg2.extensions.connection, schema: str) -> None:
    """Let the leases of runs and partitions expire, by moving them ten minutes back."""
    with owner.cursor() as cursor:
        for table in ("codes_partition", "codes_run"):
            cursor.execute(f"UPDATE {schema}.{table} SET lease_until = lease_until - interval '10 minutes'")  # noqa: S608
