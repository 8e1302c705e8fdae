"""Names under which the processes of a machine keep their counts: few, and each one process's at a time.

By their process ids the files would grow by a set for every worker process that ever was, and a counter whose file is removed
counts everything again from Prometheus's point of view. A process that ends leaves its slot, and its counts, to the next.
"""

import fcntl
import os
from itertools import count
from pathlib import Path


class Slots:
    """Call it for the slot of this process; a child that was forked takes another."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process = 0
        self._held = -1
        self._slot = ""

    def __call__(self) -> str:
        if self._process != os.getpid():
            if self._held >= 0:
                os.close(self._held)  # the parent's, which holds it on
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
