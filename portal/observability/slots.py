"""Names under which the processes of a machine keep their counts: a few slots, each used by one process at a time.

With process ids as names, every worker process would add a set of files, and removing a file would reset a counter from
Prometheus's point of view. A process that ends leaves its slot, with its counts, to the next.
"""

import fcntl
import os
from itertools import count
from pathlib import Path


class Slots:
    """Return the slot of this process when called; a forked child takes another slot."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process = 0
        self._held = -1
        self._slot = ""

    def __call__(self) -> str:
        if self._process != os.getpid():
            if self._held >= 0:
                os.close(self._held)  # the parent's copy, which the parent still holds
            self._held, self._slot = self._take()
            self._process = os.getpid()
        return self._slot

    def _take(self) -> tuple[int, str]:
        for number in count():
            file = os.open(self._directory / f"slot-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
            else:
                return file, str(number)
        raise AssertionError("unreachable")
