"""Two workers of two processes and a beat, what can be done to them, and the supervisor that starts again what has ended."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.workers import start_beat, start_worker

SETTINGS = "tests.faults.settings"
WORKERS = 2
PATIENCE_SECONDS = 60


class Fleet:
    """Their output goes to files in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers = [self._worker() for _ in range(WORKERS)]
        self.beats = [self.start_beat()]

    def start_beat(self) -> subprocess.Popen[bytes]:
        """With a schedule of its own, as on another machine."""
        schedule = self.folder / f"beat-{time.monotonic_ns()}"
        with (self.folder / "beats.log").open("ab") as output:
            return start_beat(
                output.fileno(), schedule=schedule, settings=SETTINGS, application="tests.faults.application"
            )

    def _worker(self) -> subprocess.Popen[bytes]:
        with (self.folder / "workers.log").open("ab") as output:
            return start_worker(output.fileno(), settings=SETTINGS)

    def wait_until_up(self) -> None:
        """Until every worker has its children."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not all(len(self.children(number)) >= WORKERS for number in range(WORKERS)):
            if time.monotonic() > deadline:
                raise TimeoutError("the workers do not come up")
            time.sleep(0.05)

    def children(self, number: int) -> list[int]:
        """The processes of a worker that do the work."""
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
            except ProcessLookupError:  # it has been replaced since
                continue

    def kill_worker(self, number: int) -> None:
        """Parent and children at once, as when the machine goes away; another machine takes its place."""
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
        """Start again what has ended by itself: a broker that goes away in the wrong moment makes Celery's worker give up."""
        for number, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.workers[number] = self._worker()
        if self.beats[0].poll() is not None:
            self.beats[0] = self.start_beat()

    @contextmanager
    def beats_stopped(self) -> Iterator[None]:
        """Nobody rings for the block."""
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


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=PATIENCE_SECONDS)
