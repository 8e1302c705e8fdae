"""Quarantined records are retried with corrected settings, and those that pass are processed like any delivery."""

from datetime import timedelta

import pytest

from codes.intake.retrying import retry, waiting
from codes.models import Fact, Registration, Run
from codes.source_effect import effect_of
from regions.journal.models import JournalEntry
from regions.refusals import Refused
from regions.sources.changes import changed
from regions.sources.models import Batch, Quarantined, Source
from regions.staff.roles import Role
from tests.integration.review.desk import hire
from tests.integration.sources.stand_ins import NOW, Police, at, record, records

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def mended(police: Police) -> Police:
    """One of 40 records came as XJ, which nothing mapped then, and another with an ID number that is none."""
    hire("qian", Role.SOURCE_MANAGER, now=NOW)
    police.add(
        *records(40),
        record(record_id="new", kind="XJ", recorded_at=at(50)),
        record(record_id="odd", id_number="123", recorded_at=at(51)),
    )
    police.collect()
    police.source.kinds = {**police.source.kinds, "XJ": "secondary_contact"}
    police.source.save()
    return police


def test_what_passes_now_becomes_a_fact(mended: Police) -> None:
    horizon = mended.source.batches.accepted().first().as_of  # type: ignore[union-attr]
    done = retry(mended.source.pk, by="qian", now=LATER)
    assert (done.taken, done.outdated, done.still) == (1, 0, 1)
    (fact,) = mended.versions("new")
    assert (fact.kind, fact.received_at, fact.batch_id) == ("secondary_contact", LATER, done.batch.pk)  # type: ignore[union-attr]
    last = mended.source.batches.accepted().first()
    assert last is not None
    assert (last.as_of, last.is_retry, last.state) == (horizon, True, Batch.State.ACCEPTED)
    assert [one.reason for one in waiting(mended.source)] == ["bad_id"]
    entry = JournalEntry.objects.get(verb="quarantine.retried")
    assert (entry.by, entry.data) == ("qian", {"taken": 1, "outdated": 0, "still": 1, "batch": last.pk})
    assert retry(mended.source.pk, by="qian", now=LATER).taken == 0


def test_the_next_delivery_begins_where_it_would_have(mended: Police) -> None:
    retry(mended.source.pk, by="qian", now=LATER)
    batch = mended.collect(now=LATER)
    assert batch.since == NOW - timedelta(hours=1 + mended.source.overlap_hours)
    assert (batch.state, batch.accepted) == (Batch.State.ACCEPTED, 0)


def test_a_full_delivery_is_held_to_the_last_full_one(mended: Police) -> None:
    retry(mended.source.pk, by="qian", now=LATER)
    mended.replace(*records(10))
    assert mended.collect(now=LATER, full=True).state == Batch.State.HELD


def test_a_record_the_city_holds_as_recorded_later_is_left_alone(mended: Police) -> None:
    mended.add(record(record_id="new", kind="QZ", recorded_at=NOW - timedelta(minutes=90)))
    mended.collect(now=LATER)
    done = retry(mended.source.pk, by="qian", now=LATER)
    assert (done.taken, done.outdated, done.still) == (0, 1, 1)
    assert [one.kind for one in mended.versions("new")] == ["confirmed_case"]


def test_one_batch_by_itself(mended: Police) -> None:
    other = Batch.objects.create(source=mended.source, started_at=NOW)
    assert retry(mended.source.pk, by="qian", now=LATER, batch_id=other.pk).taken == 0
    mine = Quarantined.objects.get(reason="bad_kind").batch_id
    assert retry(mended.source.pk, by="qian", now=LATER, batch_id=mine).taken == 1


def test_of_a_refused_delivery_nothing_is_taken(police: Police) -> None:
    hire("qian", Role.SOURCE_MANAGER, now=NOW)
    police.add(*records(5), *(record(record_id=f"x{n}", kind="XJ") for n in range(21)))
    assert police.collect().reason == "too_many_bad"
    with pytest.raises(Refused, match="Collect again"):
        retry(police.source.pk, by="qian", now=LATER)
    assert not waiting(police.source).exists()


def test_not_while_a_delivery_waits_for_two_people(mended: Police) -> None:
    mended.replace(*records(10))
    mended.collect(now=LATER, full=True)
    with pytest.raises(Refused, match="Decide about it first"):
        retry(mended.source.pk, by="qian", now=LATER)


def test_only_a_source_manager_tries_again(mended: Police) -> None:
    hire("wang", Role.APPROVER, now=NOW)
    with pytest.raises(Refused, match="role"):
        retry(mended.source.pk, by="wang", now=LATER)


def test_the_effect_of_another_age_is_who_turns_unknown(mended: Police) -> None:
    citizen = Fact.objects.earliest("pk").citizen
    Registration.objects.create(
        citizen=citizen, provider=mended.source.providers.get(), registered_at=NOW - timedelta(days=1)
    )
    fresh = changed(mended.source, {"max_age_hours": 1.5}, None)
    assert effect_of(mended.source, fresh, now=NOW + timedelta(hours=2)) == {"unknown": {"wechat": 1}}
    assert effect_of(fresh, mended.source, now=NOW + timedelta(hours=2)) == {"known": {"wechat": 1}}
    assert effect_of(mended.source, changed(mended.source, {"max_age_hours": 30.0}, None), now=NOW) == {}


def test_the_effect_of_another_mapping_is_told_and_rolled_back(mended: Police) -> None:
    Source.objects.filter(pk=mended.source.pk).update(kinds={"MJ": "close_contact"})
    now_in_force = Source.objects.get(pk=mended.source.pk)
    candidate = changed(now_in_force, {"kinds": {"XJ": "secondary_contact", "close_contact": "arrival"}}, None)
    before = (Fact.objects.count(), Batch.objects.count(), JournalEntry.objects.count())

    effect = effect_of(now_in_force, candidate, now=LATER)

    assert (effect["from_quarantine"], effect["moved"], effect["lost"]) == (1, 40, ["MJ"])
    assert effect["citizens"] == effect["judged"] == 41
    assert not Run.objects.exists()
    assert "colours" not in effect
    assert (Fact.objects.count(), Batch.objects.count(), JournalEntry.objects.count()) == before
    assert Fact.objects.filter(superseded=True).count() == 0
