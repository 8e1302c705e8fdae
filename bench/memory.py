"""The peak memory of each process during a measurement."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
from django.db import connection

SAMPLE_SECONDS = 0.05
MEBIBYTE = 1 << 20


@dataclass
class Peaks:
    """Peaks in MiB of a worker process, and of a PostgreSQL backend without the shared buffers."""

    worker: float = 0.0
    backend: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)


@contextmanager
def watch_memory(worker: int) -> Iterator[Peaks]:
    """Sample the process and its children, and the database server's, twenty times a second."""
    peaks = Peaks()
    server = _server_process()
    watcher = threading.Thread(target=_sample, args=(peaks, worker, server), daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        peaks._stop.set()
        watcher.join()


def peak_of_this_process() -> float:
    """Return this process's peak in MiB since it started."""
    with open(f"/proc/{os.getpid()}/status", encoding="ascii") as status:  # noqa: PTH123 - not a file with a name of ours
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _server_process() -> int | None:
    """Return the postmaster's pid if the server is on this machine and its processes are accessible."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    try:
        return int(psutil.Process(backend).ppid())
    except psutil.Error:
        return None


def _sample(peaks: Peaks, worker: int, server: int | None) -> None:
    while not peaks._stop.wait(SAMPLE_SECONDS):
        for process in _children(worker):
            peaks.worker = max(peaks.worker, _resident(process))
        for process in _children(server):
            peaks.backend = max(peaks.backend, _private(process))


def _children(pid: int | None) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True) if pid else []
    except psutil.Error:
        return []


def _resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / MEBIBYTE
    except psutil.Error:
        return 0.0


def _private(process: psutil.Process) -> float:
    try:
        memory = process.memory_info()
        return float(memory.rss - memory.shared) / MEBIBYTE
    except psutil.Error:
        return 0.0
