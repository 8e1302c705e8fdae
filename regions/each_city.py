"""Run functions in each of many cities. A failure in one, such as a city on a node that is down, does not stop the others."""

import logging
from collections.abc import Callable, Iterable
from itertools import product

from django.db import connection

from regions.tenancy import in_city

log = logging.getLogger(__name__)


class CitiesFailed(RuntimeError):
    """Raised after an act failed in these cities; it was done in all others."""

    def __init__(self, schemas: Iterable[str]) -> None:
        self.schemas = list(dict.fromkeys(schemas))
        super().__init__(f"failed in {', '.join(self.schemas)}")


def for_each(schemas: Iterable[str], *acts: Callable[[str], int]) -> int:
    """Call the acts for each city in turn and return the sum of their results.

    All acts of a city run one after the other, as opening its session costs more than most of them. Call outside any city. Failures
    are logged. Raises ``CitiesFailed`` after the last city.
    """
    failed: list[str] = []
    done = 0
    for schema, act in product(schemas, acts):
        try:
            done += act(schema)
        except Exception:
            log.exception("%s failed; the other cities go on", schema)
            failed.append(schema)
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
    if failed:
        raise CitiesFailed(failed)
    return done


def in_each(schemas: Iterable[str], act: Callable[[], int]) -> int:
    """Do the same as ``for_each``, with one act that is called inside the city."""

    def entered(schema: str) -> int:
        with in_city(schema):
            return act()

    return for_each(schemas, entered)


def enqueue_found(schema: str, find: Callable[[], Iterable[int]], enqueue: Callable[[str, int], object]) -> int:
    """Find rows inside the city and enqueue each outside it. Return their number. An act for ``for_each``."""
    with in_city(schema):
        found = list(find())
    for one in found:
        enqueue(schema, one)
    return len(found)
