"""Stop-watches: how long a block takes, and how long the calls of one function within it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from types import ModuleType
from typing import Any

import psutil
from django.db import connection


@dataclass
class Watch:
    """Seconds counted so far: elapsed, and of the processor, by this process and its PostgreSQL backend together.

    Other load on the machine lengthens the first; the second hardly depends on it.
    """

    seconds: float = 0.0
    processor: float = 0.0

    def __add__(self, other: "Watch") -> "Watch":
        return Watch(self.seconds + other.seconds, self.processor + other.processor)

    def __sub__(self, other: "Watch") -> "Watch":
        return Watch(self.seconds - other.seconds, self.processor - other.processor)

    def __truediv__(self, number: int) -> "Watch":
        return Watch(self.seconds / number, self.processor / number)


@contextmanager
def watch() -> Iterator[Watch]:
    """Count the block."""
    counted = Watch()
    started = _now()
    try:
        yield counted
    finally:
        spent = _now() - started
        counted.seconds, counted.processor = spent.seconds, spent.processor


@contextmanager
def watch_calls(module: ModuleType, function: str) -> Iterator[Watch]:
    """Count every call of this name of the module while the block runs."""
    counted = Watch()
    original: Callable[..., Any] = getattr(module, function)

    def counting(*args: Any, **kwargs: Any) -> Any:
        with watch() as call:
            done = original(*args, **kwargs)
        counted.seconds, counted.processor = counted.seconds + call.seconds, counted.processor + call.processor
        return done

    setattr(module, function, counting)
    try:
        yield counted
    finally:
        setattr(module, function, original)


def middle(values: list[float]) -> float:
    """Return the median, in which one disturbed round does not count."""
    return median(values)


def typical(watches: Sequence[Watch]) -> Watch:
    """Return the medians of elapsed and processor time."""
    return Watch(middle([one.seconds for one in watches]), middle([one.processor for one in watches]))


def _now() -> Watch:
    return Watch(time.perf_counter(), time.process_time() + _backend())


def _backend() -> float:
    """Return the processor seconds of the connection's backend, or 0 if it is not on this machine."""
    connection.ensure_connection()
    try:
        process = psutil.Process(connection.connection.info.backend_pid)
        return float(sum(process.cpu_times()[:2])) if process.name().startswith("postgres") else 0.0
    except psutil.Error:
        return 0.0
