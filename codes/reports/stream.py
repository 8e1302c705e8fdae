"""Reading a report's rows as they are written, so that memory does not grow with the city."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection
from django.db.transaction import TransactionManagementError

ROWS_AT_A_TIME = 4000


def stream(statement: str, parameters: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The statement's rows through a server-side cursor. Call, and consume, inside one transaction.

    The statement sees one instant, whatever is written meanwhile. Raises ``TransactionManagementError`` outside a
    transaction, where the server would first make a copy of everything.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("a report is streamed inside a transaction")
    with connection.cursor() as cursor:
        # All rows will be read: the plan for the first ones would be the slower one.
        cursor.execute("SET LOCAL cursor_tuple_fraction = 1")
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield from rows
