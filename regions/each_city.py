"""Acts in each of many cities. What fails in one, such as a city on a node of the database that is down, stops no other."""

import logging
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from itertools import product
from types import TracebackType

from django.db import connection

from regions.tenancy import in_city

log = logging.getLogger(__name__)


class CitiesFailed(RuntimeError):
    """An act failed in these cities; all others were done."""

    def __init__(self, schemas: Iterable[str]) -> None:
        self.schemas = list(dict.fromkeys(schemas))
        super().__init__(f"failed in {', '.join(self.schemas)}")


def for_each(schemas: Iterable[str], *acts: Callable[[str], int]) -> int:
    """What the acts came to together; all acts of a city follow each other, for its session costs more than what most of them ask.

    Call outside any city. The log has each failure. Raises ``CitiesFailed`` after the last city.
    """
    failed: list[str] = []
    done = 0
    for schema, act in product(schemas, acts):

        def leave(
            _kind: type[BaseException] | None,
            error: BaseException | None,
            _trace: TracebackType | None,
            schema: str = schema,
        ) -> bool:
            if not isinstance(error, Exception):
                return False
            log.error("%s failed; the other cities go on", schema, exc_info=error)
            failed.append(schema)
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            return True

        with ExitStack() as stack:
            stack.push(leave)
            done += act(schema)
    if failed:
        raise CitiesFailed(failed)
    return done


def in_each(schemas: Iterable[str], act: Callable[[], int]) -> int:
    """As ``for_each``, of an act that is called inside the city."""

    def entered(schema: str) -> int:
        with in_city(schema):
            return act()

    return for_each(schemas, entered)


def enqueue_found(schema: str, find: Callable[[], Iterable[int]], enqueue: Callable[[str, int], object]) -> int:
    """An act: find rows inside the city and enqueue each outside of it; how many were found."""
    with in_city(schema):
        found = list(find())
    for one in found:
        enqueue(schema, one)
    return len(found)
