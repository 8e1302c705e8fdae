"""Celery workers as child processes: for a command that enqueues work while no worker is up, and for the demo."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.celery import app

ANSWER_SECONDS = 1.0
PROCESSES = 2
CHECKOUT = Path(__file__).resolve().parent.parent


def worker_is_up() -> bool:
    """Whether any worker of this broker is up."""
    return bool(app.control.ping(timeout=ANSWER_SECONDS))


@contextmanager
def ensure_worker(*, log: Path) -> Iterator[bool]:
    """A worker is up during the block; yields whether one was started for it."""
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
    output: int, *, beat: Path | None = None, settings: str = "portal.settings"
) -> subprocess.Popen[bytes]:
    """A prefork worker as a child process; with ``beat``, it also schedules, keeping its state in that file."""
    command = [sys.executable, "-m", "celery", "-A", "portal.celery", "worker", "--pool", "prefork"]
    command += ["--concurrency", str(PROCESSES), "--loglevel", "INFO", "--without-mingle", "--without-gossip"]
    if beat is not None:
        command += ["--beat", "--schedule", str(beat)]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings}
    return subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdout=output, stderr=output, start_new_session=True
    )
