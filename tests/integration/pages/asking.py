"""How many questions a page asks the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

# As ``./run bench pages`` counts: entering the city, and where transactions begin and end, are no questions.
NO_QUESTIONS = ("SET search_path", "SAVEPOINT", "RELEASE", "ROLLBACK")


@contextmanager
def at_most(number: int) -> Iterator[None]:
    """Fail when the block asks more."""
    with CaptureQueriesContext(connection) as captured:
        yield
    asked = [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(NO_QUESTIONS)]
    assert len(asked) <= number, "\n".join([f"{len(asked)} questions:", *(sql[:200] for sql in asked)])
