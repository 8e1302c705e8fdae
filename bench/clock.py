"""Stop-watches: how long a block takes, and how long the calls of one function within it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from types import ModuleType
from typing import Any


@dataclass
class Watch:
    """Seconds counted so far."""

    seconds: float = 0.0


@contextmanager
def watch() -> Iterator[Watch]:
    """Count the block."""
    counted = Watch()
    started = time.perf_counter()
    try:
        yield counted
    finally:
        counted.seconds = time.perf_counter() - started


@contextmanager
def watch_calls(module: ModuleType, function: str) -> Iterator[Watch]:
    """Count every call that goes through this name of the module while the block runs."""
    counted = Watch()
    original: Callable[..., Any] = getattr(module, function)

    def counting(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return original(*args, **kwargs)
        finally:
            counted.seconds += time.perf_counter() - started

    setattr(module, function, counting)
    try:
        yield counted
    finally:
        setattr(module, function, original)


def middle(values: list[float]) -> float:
    """The median: one disturbed round does not count."""
    return median(values)
