"""Batches: which are accepted, held or refused as a whole, and where the next one begins."""

import threading
from datetime import timedelta

import psycopg2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes.intake.citizens import INTAKE
from codes.models import Citizen, Fact
from regions.journal.models import JournalEntry
from regions.keys import encryption
from regions.keys.encryption import QUARANTINED_RECORD, SOURCE_CREDENTIAL
from regions.locks import KEY
from regions.sources import batches
from regions.sources.batches import AlreadyCollecting
from regions.sources.models import Batch, Quarantined, StagedRecord
from tests.integration.sources.stand_ins import NOW, Centre, Police, at, held_delivery, record, records
from tests.own_database import raw_owner

LATER = NOW + timedelta(hours=1)


def test_the_horizon_is_what_the_source_says_it_is_complete_up_to(police: Police) -> None:
    police.set_clock(at(600))

    batch = police.collect()

    # An empty first delivery is held: nobody could tell it from a broken source.
    assert (batch.state, batch.reason) == (Batch.State.HELD, "shrunken_delivery")
    police.add(record())
    batch = police.collect()
    assert (batch.state, batch.as_of, batch.received_at, batch.since) == (Batch.State.ACCEPTED, at(600), NOW, None)


def test_the_next_delivery_looks_back_behind_the_horizon(centre: Centre) -> None:
    centre.source.overlap_hours = 1
    centre.source.save()
    centre.set_clock(at(600))
    centre.add([*records(3), record(record_id="late", kind="close_contact", recorded_at=at(541))])
    centre.collect()

    centre.set_clock(at(700))
    batch = centre.collect(now=LATER)

    assert batch.since == at(540)
    assert (batch.delivered, batch.unchanged) == (1, 1)
    assert centre.collect(now=LATER, full=True).since is None


def test_what_was_put_aside_is_dropped_without_reading_it(police: Police) -> None:
    police.set_clock(at(600))
    police.add(record())

    with CaptureQueriesContext(connection) as said:
        batch = police.collect()

    assert batch.state == Batch.State.ACCEPTED
    about = [one["sql"] for one in said.captured_queries if 'FROM "sources_stagedrecord"' in one["sql"]]
    assert [sql.partition(" ")[0] for sql in about] == ["DELETE"]


def test_a_clock_that_stands_still_is_no_fault(police: Police) -> None:
    police.add(record())

    assert [police.collect(now=now).state for now in (NOW, LATER)] == [Batch.State.ACCEPTED] * 2


def test_a_clock_that_went_back_refuses_the_delivery(police: Police) -> None:
    police.add(record())
    police.collect()
    horizon = NOW - timedelta(hours=1)
    police.set_clock(horizon - timedelta(microseconds=1))
    police.add(record(record_id="r2"))

    batch = police.collect(now=LATER)

    assert (batch.state, batch.reason) == (Batch.State.REFUSED, "clock_went_back")
    assert _horizon(police) == horizon
    assert not police.versions("r2")


@pytest.mark.parametrize(
    ("ahead", "reason"), [(timedelta(minutes=5), ""), (timedelta(minutes=5, seconds=1), "clock_ahead")]
)
def test_a_clock_may_run_five_minutes_ahead_and_no_more(police: Police, ahead: timedelta, reason: str) -> None:
    police.add(record())
    police.set_clock(NOW + ahead)

    assert police.collect().reason == reason


@pytest.mark.parametrize(("bad", "state"), [(25, Batch.State.ACCEPTED), (26, Batch.State.REFUSED)])
def test_more_than_the_bearable_share_of_bad_records_refuses_all(police: Police, bad: int, state: str) -> None:
    police.add(*records(500 - bad), *(record(record_id=f"bad{n}", kind="XYZ") for n in range(bad)))

    batch = police.collect()

    assert (batch.state, batch.delivered, batch.quarantined) == (state, 500, bad)
    assert Fact.objects.count() == Citizen.objects.count() == (475 if state == Batch.State.ACCEPTED else 0)
    assert Quarantined.objects.filter(batch=batch).count() == bad
    assert not StagedRecord.objects.exists()
    if bad == 26:
        assert batch.reason == "too_many_bad"
        assert batch.message_in("en").startswith("26 of 500 records are bad")
        assert batch.message_in("zh-hans").startswith("500条中有26条不合格")


def test_a_few_bad_records_are_no_share_of_a_small_delivery(police: Police) -> None:
    police.add(*records(1000))
    assert police.collect().accepted == 1000
    police.set_clock(NOW + timedelta(days=2))
    new = [record(record_id=f"n{n}", recorded_at=NOW + timedelta(days=1)) for n in range(10)]
    police.add(*new[:9], {**new[9], "kind": "XYZ"})

    batch = police.collect(now=NOW + timedelta(days=2))

    assert (batch.state, batch.accepted, batch.quarantined) == (Batch.State.ACCEPTED, 9, 1)


@pytest.mark.parametrize(("bad", "state"), [(20, Batch.State.ACCEPTED), (21, Batch.State.REFUSED)])
def test_a_delivery_of_nothing_but_bad_records_may_have_twenty(police: Police, bad: int, state: str) -> None:
    police.add(*(record(record_id=f"bad{n}", kind="XYZ") for n in range(bad)))

    assert police.collect().state == state


def test_records_that_contradict_each_other_count_as_bad(police: Police) -> None:
    police.add(*records(10), *(record(record_id=f"x{n}", kind=kind) for n in range(11) for kind in ("MJ", "QZ")))

    batch = police.collect()

    assert (batch.reason, batch.quarantined) == ("too_many_bad", 22)


def test_what_is_put_aside_can_be_read_again_and_not_in_the_database(police: Police) -> None:
    police.add(*records(20), record(kind="XYZ"))
    police.collect()

    (bad,) = Quarantined.objects.all()
    assert b"XYZ" not in bytes(bad.raw)
    assert '"kind": "XYZ"' in encryption.decrypt(bytes(bad.raw), use=QUARANTINED_RECORD)


@pytest.mark.parametrize(("left", "state"), [(60, Batch.State.ACCEPTED), (59, Batch.State.HELD), (0, Batch.State.HELD)])
def test_a_full_delivery_that_shrank_is_held(police: Police, left: int, state: str) -> None:
    police.add(*records(100))
    police.collect()
    police.set_clock(NOW)
    police.replace(*records(left, detail={"seen": "again"}))

    batch = police.collect(now=LATER, full=True)

    assert batch.state == state
    assert _horizon(police) == (NOW if state == Batch.State.ACCEPTED else NOW - timedelta(hours=1))
    assert Fact.objects.filter(version=2).count() == (left if state == Batch.State.ACCEPTED else 0)


def test_an_empty_delivery_of_what_is_new_is_no_fault(centre: Centre) -> None:
    centre.add(records(100))
    centre.set_clock(at(99) + timedelta(hours=centre.source.overlap_hours))
    centre.collect()

    batch = centre.collect(now=LATER)

    assert (batch.state, batch.delivered) == (Batch.State.ACCEPTED, 0)


def test_a_later_delivery_overtakes_one_that_waits(police: Police) -> None:
    held = held_delivery(police)
    police.replace(*records(100))
    police.collect(now=LATER, full=True)

    held.refresh_from_db()
    assert (held.state, held.reason) == (Batch.State.REFUSED, "overtaken")
    assert not StagedRecord.objects.exists()


def test_a_collection_that_died_leaves_nothing_and_the_next_one_says_so(
    police: Police, monkeypatch: pytest.MonkeyPatch
) -> None:
    police.add(*records(5))
    with monkeypatch.context() as patch:
        patch.setattr("codes.intake.collecting.quarantine_conflicts", _die)
        with pytest.raises(KeyboardInterrupt):
            police.collect()
    died = Batch.objects.get()
    assert (died.state, StagedRecord.objects.count(), Fact.objects.count()) == (Batch.State.STAGING, 5, 0)

    assert police.collect(now=LATER).state == Batch.State.ACCEPTED

    died.refresh_from_db()
    assert (died.state, died.reason) == (Batch.State.REFUSED, "abandoned")
    assert not StagedRecord.objects.exists()


def test_a_source_is_collected_by_one_at_a_time(police: Police) -> None:
    key = [batches.collection_lock_name(police.source)]
    with raw_owner() as other, other.cursor() as cursor:
        cursor.execute(f"SET search_path = alpha; SELECT pg_advisory_lock({KEY})", key)
        with pytest.raises(AlreadyCollecting):
            police.collect()
        # A server lets go of what a closed session held only some time after the client has closed it.
        cursor.execute(f"SELECT pg_advisory_unlock({KEY})", key)
    police.add(record())
    assert police.collect().state == Batch.State.ACCEPTED
    with raw_owner() as other, other.cursor() as cursor:
        cursor.execute(f"SET search_path = alpha; SELECT pg_try_advisory_lock({KEY})", key)
        assert cursor.fetchone() == (True,)


def test_a_credential_of_the_file_is_used_before_the_environment(
    police: Police, monkeypatch: pytest.MonkeyPatch
) -> None:
    police.add(record())
    url = str(police.database.engine.url)
    monkeypatch.setenv("ALPHA_POLICE_URL", "sqlite:////nowhere/at/all")
    police.source.credential = encryption.encrypt(url, use=SOURCE_CREDENTIAL)
    police.source.save()

    assert police.collect().state == Batch.State.ACCEPTED


def test_a_missing_credential_is_named_by_its_variable(police: Police, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALPHA_POLICE_URL")

    batch = police.collect()

    assert (batch.state, batch.reason) == (Batch.State.REFUSED, "bad_setting")
    assert "ALPHA_POLICE_URL" in batch.message


def test_a_credential_of_another_use_does_not_open(police: Police) -> None:
    police.source.credential = encryption.encrypt("sqlite://", use="phone")
    police.source.save()

    assert police.collect().reason == "bad_setting"


def test_every_closing_is_journalled_with_its_counts(police: Police) -> None:
    before = JournalEntry.objects.count()
    police.add(*records(20), record(kind="XYZ"))
    batch = police.collect()
    police.set_clock(at(0))
    police.collect(now=LATER)

    accepted, refused = JournalEntry.objects.order_by("seq")[before:]
    assert (accepted.verb, accepted.subject, accepted.by) == ("batch.accepted", "source:police", "system")
    counts = {"delivered": 21, "accepted": 20, "unchanged": 0, "quarantined": 1}
    assert accepted.data.items() >= {"batch": batch.pk, **counts}.items()
    assert (refused.verb, refused.data["reason"]) == ("batch.refused", "clock_went_back")


def test_lines_wait_while_a_batch_is_accepted(police: Police) -> None:
    """Both number versions and make citizens, so they take turns; the lock is the transaction's and needs no letting go."""
    reached, asked = threading.Event(), []

    def somebody_else() -> None:
        with raw_owner() as other, other.cursor() as cursor:
            cursor.execute("SET search_path = alpha; SET lock_timeout = '200ms'")
            reached.set()
            try:
                cursor.execute(f"SELECT pg_advisory_xact_lock({KEY})", [INTAKE])
            except psycopg2.errors.LockNotAvailable:
                asked.append("waited")

    police.add(record())
    police.collect()
    thread = threading.Thread(target=somebody_else)
    thread.start()
    thread.join(10)
    assert reached.is_set()
    assert asked == ["waited"]


def _horizon(source: Police | Centre) -> object:
    last = source.source.batches.accepted().first()
    return last.as_of if last else None


def _die(batch: Batch) -> None:
    raise KeyboardInterrupt
