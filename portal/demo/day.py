"""Running the day: a run in every city, rung for through Celery and watched until it has ended."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

from django.utils import timezone

from codes.models import Run
from codes.runs.ledger import start_run
from codes.tasks import ring
from portal.demo.filling import BY
from portal.embedded.processes import find_process, remember_process
from portal.workers import start_worker
from regions.tenancy import in_city

POLL_SECONDS = 0.2
RING_AGAIN_SECONDS = 20
STOP_SECONDS = 60
_WORKER = "demo-worker"


class WorkerDown(RuntimeError):
    """The worker ended by itself; the message says where to read why."""


@dataclass
class Worker:
    """A worker with the scheduler in it; `process` is none while one of another demo serves."""

    log: Path
    process: Popen[bytes] | None

    def check(self) -> None:
        """Raises WorkerDown."""
        if self.process is not None and self.process.poll() is not None:
            raise WorkerDown(f"The worker ended; its log is {self.log}.")

    def stop(self) -> None:
        """Let it finish what it has begun."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=STOP_SECONDS)


def ensure_worker(folder: Path) -> Worker:
    """The demo's worker, started if there is none."""
    log = folder / "worker.log"
    if find_process(_WORKER) is not None:
        return Worker(log, None)
    with log.open("ab") as output:
        process = start_worker(output.fileno(), beat=folder / "beat")
    remember_process(_WORKER, process.pid)
    return Worker(log, process)


def run_day(schemas: Sequence[str], *, worker: Worker, ended: Callable[[str, Run], Any]) -> dict[str, int]:
    """Start a run in each city and follow all of them; the number of each city's run. Raises WorkerDown."""
    runs = {}
    for schema in schemas:
        with in_city(schema):
            runs[schema] = start_run(by=BY, now=timezone.now())[0].pk
        ring(schema, runs[schema])
    for schema, run in _follow(runs, worker):
        ended(schema, run)
    return runs


def _follow(runs: dict[str, int], worker: Worker) -> Iterator[tuple[str, Run]]:
    """Each run as it ends. The state is PostgreSQL's; a bell that was lost is rung again."""
    waiting = dict(runs)
    rung = time.monotonic()
    while waiting:
        worker.check()
        for schema, number in list(waiting.items()):
            with in_city(schema):
                run = Run.objects.get(pk=number)
            if run.state not in Run.OPEN:
                del waiting[schema]
                yield schema, run
        if time.monotonic() - rung > RING_AGAIN_SECONDS:
            for schema, number in waiting.items():
                ring(schema, number)
            rung = time.monotonic()
        time.sleep(POLL_SECONDS)
