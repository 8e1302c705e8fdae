"""Looking up a person at a gate by their document: only a colour is shown, look-ups are limited, and the person is informed."""

import re
from datetime import timedelta

import pytest

from codes.limits import TooOften
from codes.models import Citizen, GateDevice, PersonAccess
from codes.passes import lookup
from codes.passes.lookup import LookUpPurpose, look_up_by_document
from codes.vocabulary import State
from regions.identity import Identity
from regions.journal.models import JournalEntry
from regions.keys.encryption import identity_hash
from regions.vocabulary import IdType
from tests.integration.gates.people import enrolled
from tests.integration.lines import ANNA, BERT
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

NOBODY = "110105194912310038"
PAGE = "/gate/document/"


@pytest.fixture
def gate(desk: Desk) -> tuple[GateDevice, Visitor]:
    return enrolled(now=desk.now)


def look_up(gate: Visitor, number: str) -> str:
    form = {"id_type": "10", "id_number": number, "purpose": "no_phone"}
    return gate.post(PAGE, form).content.decode()


def test_the_officer_gets_the_colour_and_the_person_reads_where_and_why(
    desk: Desk, gate: tuple[GateDevice, Visitor]
) -> None:
    device, officer = gate
    page = look_up(officer, BERT)
    assert 'data-state="red"' in page
    assert "Do not let them pass" in page
    zhang = desk.citizen("zhang")
    for secret in (BERT, zhang.full_name, zhang.ref, "overlap"):
        assert secret not in page
    mine = Visitor.signed_in(zhang, now=desk.now)
    history = mine.read("/data/")
    assert "火车东站" in history
    assert "本人未带手机" in history
    assert "the colour, by the document" in mine.in_english().read("/data/")
    entry = JournalEntry.objects.get(verb="gate.looked_up")
    assert (entry.by, entry.subject, entry.data) == (device.subject, device.subject, {"purpose": "no_phone"})
    assert str(device.pk) in entry.subject


def test_a_number_that_nobody_has_is_answered_like_a_colour_nobody_can_say(
    desk: Desk, gate: tuple[GateDevice, Visitor]
) -> None:
    _, officer = gate
    who = Identity(IdType.RESIDENT_ID, ANNA)
    Citizen.objects.filter(id_hash=identity_hash(who)).update(id_hash=b"another")
    Citizen.objects.create(ref="new", id_type="10", id_hash=identity_hash(who), id_encrypted=b"-", known_since=desk.now)
    answers = [re.sub(r'value="\w{64}"', "", look_up(officer, number)) for number in (NOBODY, ANNA)]
    assert 'data-state="unknown"' in answers[0]
    assert 'data-state="green"' not in answers[0]
    assert "this is not green" in answers[0]
    assert answers[0] == answers[1]
    assert PersonAccess.objects.filter(what=lookup.SEEN).count() == 1
    assert JournalEntry.objects.filter(verb="gate.looked_up").count() == 2


def test_a_device_asks_only_so_often_whether_anybody_has_the_number_or_not(
    desk: Desk, gate: tuple[GateDevice, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    device, officer = gate
    monkeypatch.setattr(lookup, "PER_DEVICE", ((timedelta(minutes=1), 2), (timedelta(hours=1), 3)))
    nobody = Identity(IdType.RESIDENT_ID, NOBODY)

    def ask(at: timedelta, by: GateDevice = device) -> State:
        return look_up_by_document(nobody, purpose=LookUpPurpose.NO_PHONE, by=by.subject, now=desk.now + at)

    ask(timedelta())
    ask(timedelta(seconds=10))
    with pytest.raises(TooOften) as often:
        ask(timedelta(seconds=20))
    assert often.value.seconds == 40
    refused = officer.post(PAGE, {"id_type": "10", "id_number": BERT, "purpose": "no_phone"})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert not PersonAccess.objects.filter(what=lookup.SEEN).exists()
    other, _ = enrolled("二号机", now=desk.now)
    ask(timedelta(seconds=20), other)
    ask(timedelta(seconds=70))
    with pytest.raises(TooOften):
        ask(timedelta(minutes=20))
    ask(timedelta(hours=1))


def test_no_purpose_no_answer_and_no_other_browser(desk: Desk, gate: tuple[GateDevice, Visitor]) -> None:
    _, officer = gate
    for form in ({"id_type": "10", "id_number": BERT}, {"id_type": "10", "id_number": BERT, "purpose": "curious"}):
        assert "data-state" not in officer.post(PAGE, form).content.decode()
    assert Visitor.signed_in(desk.citizen("zhang"), now=desk.now).get(PAGE).status_code == 401
    assert not JournalEntry.objects.filter(verb="gate.looked_up").exists()
