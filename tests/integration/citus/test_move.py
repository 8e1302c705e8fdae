"""A city is moved to another node while people go on writing in it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event

import pytest
from django.db import connection, transaction

from codes.effective import count_effective_codes
from regions.journal.models import JournalEntry
from regions.journal.record import record
from regions.tenancy import in_city
from tests.integration.citus.cluster import Cluster
from tests.integration.citus.days import assert_settled, run_day
from tests.integration.journal.holding import journal_break

# The cities are made for the first test.
pytestmark = pytest.mark.timeout(1200)

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def test_a_city_moves_under_writes(cluster: Cluster) -> None:
    """No write fails, and none is lost; afterwards the daily job goes on, on the other node."""
    before = cluster.places()["middle"]
    (there,) = {*cluster.nodes[1:]} - {before}
    with in_city("middle"):
        codes = count_effective_codes(now=NOW)
    with writing("middle") as written:
        cluster.query("SELECT citus_schema_move('middle', %s, %s)", *there)
    assert cluster.places()["middle"] == there
    assert written[0] > 0
    with in_city("middle"):
        assert JournalEntry.objects.filter(verb="test.written").count() == written[0]
        assert journal_break() is None
        assert count_effective_codes(now=NOW) == codes
        assert_settled(run_day("middle", after=2))
    with writing("middle"):
        cluster.query("SELECT citus_schema_move('middle', %s, %s)", *before)
    assert cluster.places()["middle"] == before


@contextmanager
def writing(schema: str) -> Iterator[list[int]]:
    """Somebody writes in the city all the time; how often. Raises what a write raised."""
    stopped, written = Event(), [0]

    def write() -> None:
        try:
            while not stopped.is_set():
                with in_city(schema), transaction.atomic():
                    record("test.written", by="tests", now=NOW)
                written[0] += 1
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        try:
            yield written
        finally:
            stopped.set()
        writer.result()
