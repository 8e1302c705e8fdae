"""The daily run on real workers and faults of them: the rows are those of an undisturbed run, without human intervention."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2.extensions
import pytest
from django.db import transaction
from redis import Redis

from codes.models import Partition, Run, RunError
from codes.runs.steps import advance
from portal.embedded import valkey
from portal.embedded.state import State, open_state
from tests.integration.runs.conftest import Filled
from tests.integration.runs.five_checks import assert_as_if_nothing_had_happened, rows_told
from tests.integration.runs.workers import Workers, blocking, end_connections, leases_run_out

HISTORY = "beta.codes_verdictchange"
CASES = "beta.codes_case"


@dataclass(frozen=True)
class Broker:
    """A Valkey of these tests' own: they flush it and kill it."""

    state: State

    def __str__(self) -> str:
        return valkey.find(self.state).url()

    def start(self) -> None:
        with self.state.locked(valkey.NAME):
            valkey.find(self.state).start()

    def stop(self) -> None:
        with self.state.locked(valkey.NAME):
            valkey.find(self.state).stop()

    def kill(self) -> None:
        """Without a word, as when the machine loses its power."""
        with Redis.from_url(str(self)) as client:
            process = client.info("server")["process_id"]
        os.kill(process, signal.SIGKILL)
        while valkey.find(self.state).is_running():
            time.sleep(0.01)


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """Started once for all tests here."""
    directory = Path(tempfile.mkdtemp(prefix="portal-state-"))
    directory.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTAL_STATE", str(directory))
        broker = Broker(open_state())
    broker.start()
    yield broker
    broker.stop()
    shutil.rmtree(directory)


@pytest.fixture
def workers(committed: Filled, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    found = Workers(committed.schema, str(broker), tmp_path / "worker.log", monkeypatch)
    found.flush_broker()
    yield found
    found.end()


@pytest.fixture
def waiting(committed: Filled) -> Run:
    """A run whose partitions wait, about ten of them; they were cut here, where they are small."""
    run = committed.start()
    assert len(advance(run.pk, clock=lambda: committed.scene.as_of)) > 4
    run.refresh_from_db()
    return run


def test_celery_and_here_give_the_same_rows(committed: Filled, workers: Workers) -> None:
    with transaction.atomic():
        committed.finish_here(committed.start())
        here = rows_told()
        transaction.set_rollback(True)
    run = committed.start()
    workers.start(afresh=True)
    workers.enqueue("codes.advance_run", committed.schema, run.pk)
    workers.follow(run)
    for name, rows in rows_told().items():
        assert rows == here[name], name
    assert_as_if_nothing_had_happened(run, committed.scene, committed.keys)


def test_every_bell_rings_five_times(committed: Filled, workers: Workers, waiting: Run) -> None:
    for _ in range(5):
        workers.enqueue("codes.advance_run", committed.schema, waiting.pk)
        for partition in waiting.partitions.all():
            workers.enqueue("codes.judge_partition", committed.schema, waiting.pk, partition.number)
    workers.start()
    workers.follow(waiting)
    assert_as_if_nothing_had_happened(waiting, committed.scene, committed.keys)
    assert set(waiting.partitions.values_list("attempts", flat=True)) == {1}


def test_worker_children_are_killed_in_a_partition(
    committed: Filled, workers: Workers, waiting: Run, owner: psycopg2.extensions.connection
) -> None:
    with blocking(HISTORY) as until_blocked:
        workers.start()
        workers.enqueue("codes.advance_run", committed.schema, waiting.pk)
        until_blocked()
        before = workers.children()
        workers.kill_children()
        leases_run_out(owner, committed.schema)
    workers.follow(waiting)
    assert not set(before) & set(workers.children())
    assert_as_if_nothing_had_happened(waiting, committed.scene, committed.keys)
    assert waiting.partitions.filter(attempts__gt=1).exists(), "somebody else finished what the dead had begun"


def test_a_worker_is_killed_whole_while_it_settles(
    committed: Filled, workers: Workers, waiting: Run, owner: psycopg2.extensions.connection
) -> None:
    with blocking(CASES) as until_blocked:
        workers.start()
        workers.enqueue("codes.advance_run", committed.schema, waiting.pk)
        until_blocked()
        waiting.refresh_from_db()
        assert waiting.state == Run.State.SETTLING
        workers.kill_all()
        leases_run_out(owner, committed.schema)
    workers.start()
    workers.follow(waiting)
    assert_as_if_nothing_had_happened(waiting, committed.scene, committed.keys)


def test_the_broker_loses_everything(committed: Filled, workers: Workers, waiting: Run) -> None:
    with blocking(HISTORY) as until_blocked:
        workers.start()
        workers.enqueue("codes.advance_run", committed.schema, waiting.pk)
        until_blocked()
        workers.flush_broker()
    assert waiting.partitions.filter(state=Partition.State.PENDING).exists()
    workers.follow(waiting)
    assert_as_if_nothing_had_happened(waiting, committed.scene, committed.keys)


def test_the_broker_is_killed_and_comes_back_with_nothing(
    committed: Filled, workers: Workers, broker: Broker, waiting: Run
) -> None:
    with blocking(HISTORY) as until_blocked:
        workers.start()
        workers.enqueue("codes.advance_run", committed.schema, waiting.pk)
        until_blocked()
        broker.kill()
        broker.start()
        workers.flush_broker()
    workers.follow(waiting)
    assert_as_if_nothing_had_happened(waiting, committed.scene, committed.keys)


def test_the_database_ends_connections_in_a_partition(
    committed: Filled, workers: Workers, waiting: Run, owner: psycopg2.extensions.connection
) -> None:
    with blocking(HISTORY) as until_blocked:
        workers.start()
        workers.enqueue("codes.advance_run", committed.schema, waiting.pk)
        end_connections(until_blocked())
        leases_run_out(owner, committed.schema)
    workers.follow(waiting)
    assert_as_if_nothing_had_happened(waiting, committed.scene, committed.keys)
    assert waiting.partitions.filter(attempts__gt=1).exists()
    assert "connection" in RunError.objects.filter(run=waiting, step="partition").latest("pk").message
