"""Writing the journal: one chain for each city, in the transaction of the change, in one order."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from psycopg2.extensions import connection as Owner  # noqa: N812 - the fixture's type, not the connection

from regions.journal.models import JournalEntry
from regions.journal.record import GENESIS, record, record_all
from regions.models import City
from regions.tenancy import in_city
from tests.integration.journal.holding import journal_break

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)


def test_each_digest_covers_the_one_before(alpha: City) -> None:
    first = record("tested", by="lin", now=AT, subject="case:1", data={"词": "值", "n": 1.5, "none": None})
    second = record("tested", by="lin", now=AT)

    assert second.seq == first.seq + 1
    assert bytes(second.previous) == bytes(first.digest)
    assert bytes(JournalEntry.objects.get(seq=1).previous) == GENESIS
    assert journal_break() is None


def test_who_has_nothing_to_record_waits_for_nobody(alpha: City) -> None:
    """Beat has workers look into every city many times a minute, and nearly always there is nothing to do."""
    with CaptureQueriesContext(connection) as asked:
        assert record_all([], by="system", now=AT) == []
    assert len(asked) == 0


def test_an_entry_needs_the_transaction_of_its_change(owner: Owner) -> None:
    with in_city("alpha"):
        with pytest.raises(TransactionManagementError, match="a journal entry outside the transaction"):
            record("tested", by="lin", now=AT)
        before = JournalEntry.objects.count()
        with transaction.atomic():
            record("tested", by="lin", now=AT)
            transaction.set_rollback(True)
        assert JournalEntry.objects.count() == before


def test_cities_have_chains_of_their_own(db: None) -> None:
    with in_city("alpha"):
        alphas = record("tested", by="lin", now=AT).seq
        record("tested", by="lin", now=AT)
    with in_city("beta"):
        assert record("tested", by="lin", now=AT).seq <= alphas
        assert journal_break() is None


def test_many_writers_make_one_chain(owner: Owner) -> None:
    def write() -> None:
        with in_city("alpha"):
            for number in range(10):
                with transaction.atomic():
                    record("tested", by=threading.current_thread().name, now=AT + timedelta(seconds=number))
        connections.close_all()

    writers = [threading.Thread(target=write, name=f"writer {number}") for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    with in_city("alpha"):
        assert JournalEntry.objects.filter(verb="tested").count() == 40
        assert journal_break() is None


def test_the_instant_is_hashed_as_such_and_not_as_it_was_written(alpha: City) -> None:
    """The database gives every instant back in UTC and to the microsecond."""
    record("tested", by="lin", now=datetime.fromisoformat("2026-11-24T10:00:00.123456+08:00"))

    assert journal_break() is None
