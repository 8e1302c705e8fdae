"""Celery's worker and beat as child processes, for a command that enqueues work while no worker is running, and for the demo."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.celery import app

ANSWER_SECONDS = 1.0
PROCESSES = 2
# Prefork. The worker never runs beat, which would end with it.
WORKER = f"worker --pool prefork --concurrency {PROCESSES} --loglevel INFO --without-mingle --without-gossip".split()
CHECKOUT = Path(__file__).resolve().parent.parent


def worker_is_up() -> bool:
    """Return whether any worker of this broker is running."""
    return bool(app.control.ping(timeout=ANSWER_SECONDS))


@contextmanager
def ensure_worker(*, log: Path) -> Iterator[bool]:
    """Make sure that a worker runs during the block. Yield whether one was started for it."""
    if worker_is_up():
        yield False
        return
    with log.open("ab") as output:
        worker = start_worker(output.fileno())
    try:
        yield True
    finally:
        worker.terminate()
        worker.wait(timeout=60)


def start_worker(
    output: int, *, settings: str = "portal.settings", processes: int = PROCESSES
) -> subprocess.Popen[bytes]:
    """Start a worker with this number of processes."""
    return _start("portal.celery", *WORKER, "--concurrency", str(processes), output=output, settings=settings)


def start_beat(
    output: int, *, schedule: Path, settings: str = "portal.settings", application: str = "portal.celery"
) -> subprocess.Popen[bytes]:
    """Start beat, which stores in the file ``schedule`` when it enqueued what."""
    return _start(application, *beat_keeping(schedule), output=output, settings=settings)


def beat_keeping(schedule: Path) -> list[str]:
    """Return the arguments that start beat."""
    return ["beat", "--schedule", str(schedule), "--pidfile="]


def _start(application: str, *command: str, output: int, settings: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", application, *command],
        cwd=CHECKOUT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings},
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
