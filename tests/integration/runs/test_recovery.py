"""A day on real workers and a beat, on pairs of a broker and a database: what a killed worker left goes on, without hands.

How long that takes is bounded by the lease and the sweep, both of the database's ledger, and by nothing of the broker
(docs/adr/0064-half-a-minute.md). What both are outside of these tests is held in ``tests/architecture/test_machinery.py``.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import dj_database_url
import pytest
from django.conf import settings
from django.db import connection
from kombu import Connection
from pytest_django import DjangoDbBlocker

from codes.models import Partition, Run
from codes.opening import open_city
from codes.rule_sets.version_file import read_versions
from codes.runs.steps import advance
from portal.celery import app as portal
from portal.embedded.postgres import PostgresUrls
from portal.workers import PROCESSES, WORKER, beat_keeping
from regions.city_file import read_city_file
from regions.schemas import prepare_database
from regions.tenancy import as_owner
from tests.forked import Fork, start
from tests.integration.runs import installed, sweeping
from tests.integration.runs.conftest import Filled
from tests.integration.runs.five_checks import assert_as_if_nothing_had_happened
from tests.integration.runs.workers import blocking
from tests.own_database import CITY_FILES, OPENED_AT, database_urls

LEASE_SECONDS = 3
# A machine that does much else at once may keep a worker or beat waiting; the leases of before, a minute, are far away.
STARVED_SECONDS = 15
PATIENCE_SECONDS = 90
HISTORY = "beta.codes_verdictchange"
# Each broker and each database once: all that a run knows is in the database, whichever broker wakes the workers.
PAIRS = [("embedded", "valkey"), ("debian", "rabbitmq"), ("debian", "redis")]
BROKERS = {"valkey": installed.embedded_valkey, "redis": installed.redis, "rabbitmq": installed.rabbitmq}


@pytest.fixture(scope="module")
def database(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The tests' own server, or Debian's with the same city in it."""
    if request.param == "embedded":
        yield
        return
    with installed.postgresql() as urls, pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        connection.close()
        for name, value in dj_database_url.parse(urls.app).items():
            if name in ("HOST", "PORT", "USER", "PASSWORD", "NAME"):
                patch.setitem(connection.settings_dict, name, value)
        patch.setattr("django.conf.settings.OWNER_LOGIN", _login(urls))
        file = read_city_file(CITY_FILES / "beta.toml")
        with as_owner():
            prepare_database()
            open_city(file, read_versions(file.path, file.rule_sets), by="tests", now=OPENED_AT)
        connection.close()
        with django_db_blocker.block():
            yield
        connection.close()


def _login(urls: PostgresUrls) -> dict[str, str]:
    owner = dj_database_url.parse(urls.owner)
    return {"USER": str(owner["USER"]), "PASSWORD": str(owner["PASSWORD"])}


@pytest.fixture(scope="module")
def brokers() -> Iterator[Callable[[str], str]]:
    """Each started once; its URL."""
    with ExitStack() as stack:
        urls: dict[str, str] = {}

        def started(name: str) -> str:
            if name not in urls:
                urls[name] = stack.enter_context(BROKERS[name]())
            return urls[name]

        yield started


@pytest.mark.parametrize(("database", "broker"), PAIRS, indirect=["database"], scope="module")
def test_what_a_killed_worker_left_goes_on(
    database: None,
    brokers: Callable[[str], str],
    broker: str,
    committed: Filled,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {
        "CELERY_BROKER_URL": brokers(broker),
        "JOURNAL_CHECKPOINTS": str(settings.JOURNAL_CHECKPOINTS),
        "LEASE_SECONDS": str(LEASE_SECONDS),
        # Django's checks of the pages take longer than the rest of a start.
        "CELERY_SKIP_CHECKS": "1",
    }
    for variable, value in {**database_urls(), **told}.items():
        monkeypatch.setenv(variable, value)
    run = committed.start()
    assert len(advance(run.pk, clock=lambda: committed.scene.as_of)) > 2 * PROCESSES
    log = tmp_path / "processes.log"
    with ExitStack() as processes:
        with blocking(HISTORY) as until_blocked:
            killed, living = (start("celery", "-A", "portal.celery", *WORKER, log=log) for _ in range(2))
            for process in (killed, living):
                processes.callback(kill, process)
                wait_until(partial(has_children, process), log)
            beat = start("celery", "-A", sweeping.__name__, *beat_keeping(tmp_path / "beat"), log=log)
            processes.callback(kill, beat)
            wait_until(lambda: len(until_blocked()) == 2 * PROCESSES, log)
            held = set(run.partitions.filter(state=Partition.State.CLAIMED).values_list("number", flat=True))
            kill(killed)
            since = time.monotonic()
        taken_over = run.partitions.filter(attempts=2)
        wait_until(lambda: taken_over.count() == PROCESSES, log)
        waited = time.monotonic() - since
        wait_until(lambda: not Run.objects.filter(pk=run.pk, state__in=Run.OPEN).exists(), log)
    empty(os.environ["CELERY_BROKER_URL"])
    assert waited <= LEASE_SECONDS + sweeping.SECONDS + STARVED_SECONDS
    run.refresh_from_db()
    assert set(taken_over.values_list("number", flat=True)) < held
    assert not run.partitions.exclude(attempts__in=(1, 2)).exists()
    assert taken_over.count() == PROCESSES, "what the living worker had was its own"
    assert_as_if_nothing_had_happened(run, committed.scene, committed.keys)


def has_children(process: Fork) -> bool:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return len(listed.split()) >= PROCESSES


def empty(broker: str) -> None:
    """Of messages for a run whose number the next test has again."""
    with Connection(broker) as kombu:
        channel: Any = kombu.default_channel
        if hasattr(channel, "client"):
            channel.client.flushall()
        else:
            channel.queue_purge(portal.conf.task_default_queue)


def kill(process: Fork) -> None:
    """With all its children, as when the machine goes away."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=PATIENCE_SECONDS)


def wait_until(condition: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"nothing happened for {PATIENCE_SECONDS} s; the log ends:\n{log.read_text()[-4000:]}")
        time.sleep(0.05)
