"""Reading a report's rows as they are written, so that memory does not grow with the city."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection
from django.db.transaction import TransactionManagementError

ROWS_AT_A_TIME = 4000
# What share of the rows the planner is told will be read, when only the first of them will be.
FIRST_FEW = 0.0001
_first: ContextVar[int | None] = ContextVar("how many of a report's rows will be read", default=None)


@contextmanager
def first_rows(count: int) -> Iterator[None]:
    """Inside, reports are read for their first rows only: a page that shows twenty does not wait for a million to be sorted."""
    before = _first.set(count)
    try:
        yield
    finally:
        _first.reset(before)


def stream(statement: str, parameters: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The statement's rows through a server-side cursor. Call, and consume, inside one transaction.

    The statement sees one instant, whatever is written meanwhile. Raises ``TransactionManagementError`` outside a
    transaction, where the server would first make a copy of everything.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("a report is streamed inside a transaction")
    first = _first.get()
    with connection.cursor() as cursor:
        # Where all rows will be read, the plan for the first ones would be the slower one.
        cursor.execute("SELECT set_config('cursor_tuple_fraction', %s, true)", [str(FIRST_FEW if first else 1)])
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        size = first or ROWS_AT_A_TIME
        while rows := cursor.fetchmany(size):
            yield from rows
            # The reader may pass most of them over: then the first few are far apart.
            size = min(4 * size, ROWS_AT_A_TIME)
