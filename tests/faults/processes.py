"""Two workers with two child processes each and a beat: start, stop and kill them, and restart those that have ended."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.workers import WORKER, beat_keeping
from tests.forked import Fork, start

WORKERS = 2
PATIENCE_SECONDS = 60


class Fleet:
    """The workers and beats. Their output is written to files in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers = [self._worker() for _ in range(WORKERS)]
        self.beats = [self.start_beat()]

    def start_beat(self) -> Fork:
        """Start a beat with its own schedule file, as on another machine."""
        schedule = self.folder / f"beat-{time.monotonic_ns()}"
        return start("celery", "-A", "tests.faults.application", *beat_keeping(schedule), log=self.folder / "beats.log")

    def _worker(self) -> Fork:
        return start("celery", "-A", "portal.celery", *WORKER, log=self.folder / "workers.log")

    def wait_until_up(self) -> None:
        """Wait until every worker has its children. Raise ``TimeoutError`` if they do not start."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not all(len(self.children(number)) >= WORKERS for number in range(WORKERS)):
            if time.monotonic() > deadline:
                raise TimeoutError("the workers do not come up")
            time.sleep(0.05)

    def children(self, number: int) -> list[int]:
        """Return the process ids of the worker's children, which do the work."""
        pid = self.workers[number].pid
        try:
            listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        except FileNotFoundError:
            return []
        return [int(child) for child in listed.split()]

    def kill_children(self, children: list[int]) -> None:
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # it has ended and been replaced since
                continue

    def kill_worker(self, number: int) -> None:
        """Kill the worker with its children, as when its machine fails, and start another one in its place."""
        _kill(self.workers[number])
        self.workers[number] = self._worker()

    def stop_worker(self, number: int) -> None:
        os.killpg(self.workers[number].pid, signal.SIGSTOP)

    def continue_worker(self, number: int) -> None:
        os.killpg(self.workers[number].pid, signal.SIGCONT)

    def kill_beat(self) -> None:
        _kill(self.beats[0])
        self.beats[0] = self.start_beat()

    def keep_one_beat(self) -> None:
        for beat in self.beats[1:]:
            _kill(beat)
        del self.beats[1:]

    def supervise(self) -> None:
        """Restart workers and beats that have ended by themselves: Celery's worker may end when the broker is restarted."""
        for number, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.workers[number] = self._worker()
        if self.beats[0].poll() is not None:
            self.beats[0] = self.start_beat()

    @contextmanager
    def beats_stopped(self) -> Iterator[None]:
        """Stop all beats for the block."""
        for beat in self.beats:
            os.killpg(beat.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for beat in self.beats:
                os.killpg(beat.pid, signal.SIGCONT)

    def end(self) -> None:
        for process in [*self.workers, *self.beats]:
            _kill(process)


def _kill(process: Fork) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=PATIENCE_SECONDS)
