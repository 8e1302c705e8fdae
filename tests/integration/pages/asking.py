"""Limit the number of a page's database queries."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

# Not counted, as in ``./run bench pages``: statements that enter the city or begin and end transactions.
NO_QUESTIONS = ("SET search_path", "SAVEPOINT", "RELEASE", "ROLLBACK")


@contextmanager
def at_most(number: int) -> Iterator[None]:
    """Fail if the block executes more queries."""
    with CaptureQueriesContext(connection) as captured:
        yield
    asked = [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(NO_QUESTIONS)]
    assert len(asked) <= number, "\n".join([f"{len(asked)} questions:", *(sql[:200] for sql in asked)])
