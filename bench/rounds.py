"""A round: a city's daily run from nothing, here or through Celery, after restoring the city to its state before."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.utils import timezone

from bench.clock import Watch, watch, watch_calls
from bench.memory import Peaks, watch_memory
from codes.models import Run
from codes.runs import partitions, steps
from codes.runs import settle as settling
from codes.runs.ledger import start_run
from codes.tasks import enqueue_run
from portal.workers import start_worker, worker_is_up
from regions.tenancy import as_owner, in_city

# The tables a run writes, parents first. The journal is not among them, as it can only grow.
WRITTEN = [
    "codes_run", "codes_runprovider", "codes_partition", "codes_verdictchange", "codes_verdict", "codes_effectivechange",
    "codes_effectivecode", "codes_disagreement", "codes_pairdiagnosis", "codes_case", "codes_caseevent",
]  # fmt: skip
WORKER_SECONDS = 60
POLL_SECONDS = 0.05


class BenchFailed(RuntimeError):
    """Raised if what was to be measured failed, so that there is nothing to report."""


@dataclass(frozen=True)
class Round:
    """A run and its parts. ``evaluate`` and ``settle`` exclude the diagnosis; ``settle`` includes the sentinel."""

    evaluate: Watch
    settle: Watch
    diagnosis: Watch
    sentinel: Watch
    total: Watch

    @property
    def without_diagnosis(self) -> Watch:
        return self.total - self.diagnosis


def forget_runs(schema: str) -> None:
    """Empty the tables that runs write: the next run is the city's first and writes every row again."""
    with as_owner(), connection.cursor() as cursor:
        tables = ", ".join(f'"{schema}"."{table}"' for table in WRITTEN)
        # Not analysed: the planner would expect a table known to be empty to stay empty.
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


def run_here(schema: str) -> Round:
    """Do a run that judges everybody in this process, without collecting."""
    with (
        in_city(schema),
        watch() as total,
        watch_calls(steps, "_settle") as settle,  # with its commit, which checks foreign keys
        watch_calls(partitions, "prepare_diagnoses") as prepared,
        watch_calls(settling, "diagnose_new") as diagnosis,
        watch_calls(settling, "watch") as sentinel,
    ):
        run, _ = start_run(by="system", now=timezone.now(), collects=False, everybody=True)
        run = steps.run_here(run.pk, clock=timezone.now, progress=lambda _run: None)
    _must_be_done(run)
    return Round(total - settle - prepared, settle - diagnosis, prepared + diagnosis, sentinel, total)


def run_through_celery(schema: str) -> float:
    """Do the same through the running workers. Return the seconds from the first message to the end."""
    with in_city(schema), watch() as total:
        run, _ = start_run(by="system", now=timezone.now(), collects=False, everybody=True)
        enqueue_run(schema, run.pk)
        while run.state in Run.OPEN:
            time.sleep(POLL_SECONDS)
            run.refresh_from_db()
    _must_be_done(run)
    return total.seconds


@contextmanager
def workers(processes: int) -> Iterator[Peaks]:
    """Run Celery's worker with this number of processes for the block. Yield the peak memory of its processes."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "worker.log").open("ab") as log:
        worker = start_worker(log.fileno(), processes=processes)
        try:
            _wait_for(worker)
            with watch_memory(worker.pid) as peaks:
                yield peaks
        finally:
            worker.terminate()
            worker.wait(timeout=WORKER_SECONDS)


def _wait_for(worker: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + WORKER_SECONDS
    while not worker_is_up():
        if worker.poll() is not None or time.monotonic() > deadline:
            raise BenchFailed("the Celery worker did not start")


def _must_be_done(run: Run) -> None:
    if run.state != Run.State.DONE:
        raise BenchFailed(f"the run ended {run.state}: {run.message}")
