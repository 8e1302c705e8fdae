"""A delivery that is too small is held for two people: a source manager requests its release, an approver decides."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from codes.intake.collecting import discard, release
from codes.models import Fact
from regions.journal.models import JournalEntry
from regions.refusals import Refused
from regions.sources.models import Batch, StagedRecord
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role
from tests.integration.review.desk import hire
from tests.integration.sources.stand_ins import NOW, Police, held_delivery, records

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def held(police: Police) -> Batch:
    hire("qian", Role.SOURCE_MANAGER, now=NOW)
    hire("wang", Role.APPROVER, now=NOW)
    hire("zhao", Role.SOURCE_MANAGER, Role.APPROVER, now=NOW)
    return held_delivery(police)


def test_two_people_let_it_be_taken(held: Batch) -> None:
    asked = release(held.pk, by="qian", now=NOW)
    assert (asked.state, asked.release_asked_by, asked.held_at) == (Batch.State.HELD, "qian", NOW)
    assert held.source.batches.accepted().first() != held

    taken = release(held.pk, by="wang", now=LATER)

    taken.refresh_from_db()
    assert (taken.state, taken.received_at, taken.released_by) == (Batch.State.ACCEPTED, LATER, "wang")
    assert held.source.batches.accepted().first() == taken
    assert not StagedRecord.objects.exists()
    entries = JournalEntry.objects.filter(verb__startswith="batch.", at__gte=NOW, data__batch=held.pk).order_by("seq")
    told = [(one.verb, one.by) for one in entries]
    assert told[-3:] == [("batch.release_asked", "qian"), ("batch.released", "wang"), ("batch.accepted", "wang")]
    with pytest.raises(Refused, match="no longer waits"):
        release(held.pk, by="wang", now=LATER)


def test_the_one_who_asks_does_not_decide(held: Batch) -> None:
    release(held.pk, by="zhao", now=NOW)
    with pytest.raises(Refused, match="does not approve"):
        release(held.pk, by="zhao", now=LATER)
    assert Batch.objects.get(pk=held.pk).state == Batch.State.HELD


@pytest.mark.parametrize("by", ["wang", "system", "nobody"])
def test_only_a_source_manager_asks(held: Batch, by: str) -> None:
    with pytest.raises(Refused, match="role"):
        release(held.pk, by=by, now=NOW)
    assert not Batch.objects.get(pk=held.pk).release_asked_by


def test_only_an_approver_decides(held: Batch) -> None:
    hire("sun", Role.SOURCE_MANAGER, now=NOW)
    release(held.pk, by="qian", now=NOW)
    with pytest.raises(Refused, match="role"):
        release(held.pk, by="sun", now=LATER)


def test_a_role_withdrawn_meanwhile_counts_no_more(held: Batch) -> None:
    release(held.pk, by="qian", now=NOW)
    RoleGrant.objects.filter(account__username="wang").update(revoked_by="tests", revoked_at=NOW)
    Account.objects.filter(username="zhao").update(is_active=False)
    for by in ("wang", "zhao"):
        with pytest.raises(Refused, match="role"):
            release(held.pk, by=by, now=LATER)


def test_another_asks_anew_after_the_asker_has_left(held: Batch) -> None:
    hire("sun", Role.SOURCE_MANAGER, now=NOW)
    release(held.pk, by="qian", now=NOW)
    Account.objects.filter(username="qian").update(is_active=False)
    with pytest.raises(Refused, match="no longer has the role"):
        release(held.pk, by="wang", now=LATER)
    assert release(held.pk, by="sun", now=LATER).release_asked_by == "sun"
    assert release(held.pk, by="wang", now=LATER).state == Batch.State.ACCEPTED


def test_one_person_gives_it_up(held: Batch) -> None:
    facts = Fact.objects.count()
    given_up = discard(held.pk, by="wang", now=LATER)
    assert (given_up.state, given_up.reason) == (Batch.State.REFUSED, "discarded")
    assert (StagedRecord.objects.count(), Fact.objects.count()) == (0, facts)
    with pytest.raises(Refused, match="no longer waits"):
        discard(held.pk, by="wang", now=LATER)


def test_nobody_else_gives_it_up(held: Batch) -> None:
    hire("sun", Role.AUDITOR, now=NOW)
    with pytest.raises(Refused, match="role"):
        discard(held.pk, by="sun", now=LATER)


def test_a_source_that_was_restored_meanwhile_refuses_it(held: Batch, police: Police) -> None:
    """A later delivery overtakes what waits; one that came by another way is found by the clock."""
    release(held.pk, by="qian", now=NOW)
    instants = {"as_of": LATER, "started_at": NOW, "received_at": LATER, "closed_at": LATER}
    Batch.objects.create(source=held.source, state=Batch.State.ACCEPTED, **instants)
    told = release(held.pk, by="wang", now=LATER)
    assert (told.state, told.reason, told.released_by) == (Batch.State.REFUSED, "clock_went_back", "")


def test_a_later_delivery_takes_its_place(held: Batch, police: Police) -> None:
    release(held.pk, by="qian", now=NOW)
    police.replace(*records(100))
    police.collect(now=LATER, full=True)
    with pytest.raises(Refused, match="no longer waits"):
        release(held.pk, by="wang", now=LATER)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"released_by": "qian", "released_at": LATER}, "held_batch_is_released_by_two_people"),
        ({"state": "accepted", "received_at": LATER}, "held_batch_is_accepted_by_release_only"),
    ],
)
def test_the_database_wants_two_people_too(held: Batch, changes: dict[str, object], constraint: str) -> None:
    release(held.pk, by="qian", now=NOW)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Batch.objects.filter(pk=held.pk).update(**changes)


def command(batch: Batch, *arguments: str) -> str:
    out = StringIO()
    call_command("release_batch", "--city=alpha", f"--batch={batch.pk}", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_of_two_people(held: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: LATER)
    assert "held; an approver" in command(held, "--accept", "--by=qian")
    with pytest.raises(CommandError, match="role") as refused:
        command(held, "--accept", "--by=qian")
    assert refused.value.returncode == 2
    assert command(held, "--accept", "--by=wang").strip() == f"Batch {held.pk} of police is accepted"


def test_the_command_names_the_deliveries_that_wait(held: Batch) -> None:
    discard(held.pk, by="wang", now=LATER)
    with pytest.raises(CommandError, match=f"batch {held.pk} does not wait for a release; there wait: none"):
        command(held, "--accept")


def test_a_collection_names_the_delivery_it_holds(police: Police) -> None:
    err = StringIO()
    with pytest.raises(CommandError):
        call_command("collect", "--city=alpha", "--source=police", "--full", stderr=err)
    assert f"It is batch {Batch.objects.latest('pk').pk}; use release_batch." in err.getvalue()


def test_the_command_gives_up(held: Batch) -> None:
    assert "is refused: It was looked at and is not to be used." in command(held, "--discard", "--by=wang")
