"""Another city's pass at a gate: looked up, exchanged or refused. It is green only if its own city says so."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import translation

from codes.cities.look_ups import PATH
from codes.cities.neighbours import note_neighbours
from codes.cities.recognition import ConversionRefusal, NotAForeignPass, convert, foreign_pass
from codes.effective import CurrentCode
from codes.gates.check import check_pass
from codes.models import Citizen, Entry, Neighbour, PaperPass, Provider
from codes.passes.issuing import issue_pass
from codes.passes.paper import issue_paper, withdraw_paper
from regions.identity import Identity
from regions.journal.models import JournalEntry
from regions.keys.encryption import encrypt_number, identity_hash
from regions.models import City
from regions.refusals import Refused
from regions.tenancy import in_city
from regions.vocabulary import IdType, Recognition
from tests.integration.cities.wire import Sent, Wire
from tests.integration.review.desk import Desk

NUMBER, OTHER_NUMBER = "11010519491231002X", "440524188001010014"
TOLD = CurrentCode("green", "agreement", None)


def pass_of(desk: Desk, name: str, *, at: datetime, current: CurrentCode | None = None) -> str:
    with in_city("beta"):
        return issue_pass(desk.citizen(name), now=at, current=current)[0]


def make_green(desk: Desk, name: str = "zhang") -> None:
    """By a ruling in beta."""
    with in_city("beta"):
        desk.approve(desk.propose(name))


def person(name: str, number: str, **columns: object) -> Citizen:
    """Of the current city, with a document."""
    who = Identity(IdType.RESIDENT_ID, number)
    sealed = {"id_type": "10", "id_hash": identity_hash(who), "id_encrypted": encrypt_number(who)}
    return Citizen.objects.update_or_create(ref=name, defaults={**sealed, **columns})[0]


def recognise(city: City, recognition: Recognition) -> None:
    city.recognition = recognition


def test_a_pass_is_looked_up_with_its_city_and_the_city_is_named(there: Desk, wire: Wire, now: datetime) -> None:
    red, late = pass_of(there, "zhang", at=now), pass_of(there, "zhang", at=now - timedelta(seconds=60))
    with in_city("alpha"):
        found = foreign_pass(red, now=now)
        assert (found.word, found.colour, found.as_of) == ("other_city", "red", now)
        assert "Beta" in found.sentence("en")
        assert "乙市" in found.sentence("zh-hans")
        assert all(text for language in ("en", "zh-hans") for text in (found.next_step(language),))
        # The same again within the minute is not asked again; a minute later it is, and has expired.
        asked = len(wire.calls)
        assert foreign_pass(red, now=now + timedelta(seconds=59)).colour == "red"
        assert len(wire.calls) == asked == 1
        foreign_pass(red, now=now + timedelta(seconds=60))
        assert len(wire.calls) == 2
        # An answer that was kept makes no pass live longer.
        foreign_pass(late, now=now)
        foreign_pass(late, now=now + timedelta(seconds=5))
        assert len(wire.calls) == 4
    assert "police-zhang" not in str([one.content for one in wire.sent])


def test_the_colour_is_that_of_now_there_whatever_was_shown(
    there: Desk, wire: Wire, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a pass and of paper: after a ruling, for a person whose records are gone, and for paper that was withdrawn."""
    monkeypatch.setattr("codes.cities.look_ups.KEPT_SECONDS", 0)
    with in_city("beta"):
        papers = {name: issue_paper(there.citizen(name), by="li", now=now)[0] for name in ("zhang", "chen")}
        gone = issue_pass(Citizen(pk=99_999_999, ref="gone"), now=now, current=TOLD)[0]
    shown = [pass_of(there, "zhang", at=now, current=TOLD), pass_of(there, "zhang", at=now), papers["zhang"]]

    def said(*texts: str) -> list[tuple[str, str]]:
        with in_city("alpha"):
            return [(found.word, found.colour) for found in (foreign_pass(text, now=now) for text in texts)]

    assert said(*shown, papers["chen"]) == [("other_city", "red")] * 3 + [("other_city", "yellow")]
    make_green(there)
    assert said(*shown) == [("other_city", "green")] * 3
    with in_city("beta"):
        withdraw_paper(PaperPass.objects.get(citizen__ref="chen").pk, by="li", now=now)
    assert said(papers["chen"], gone) == [("withdrawn", ""), ("unknown", "")]


def test_no_answer_is_unknown_and_never_green(there: Desk, wire: Wire, now: datetime) -> None:
    make_green(there)
    green = pass_of(there, "zhang", at=now)
    with in_city("alpha"):
        wire.down = {"beta.localhost"}
        found = foreign_pass(green, now=now)
        assert (found.word, found.colour) == ("unknown", "")
        wire.down = set()
        assert foreign_pass(green, now=now).colour == "green"


@pytest.mark.parametrize(
    "body", [b"{}", b'{"result": "ok"}', b'{"result": "ok", "colour": "blue"}', b"[]", b'{"result": "fine"}', b"<html>"]
)
def test_an_answer_that_says_no_colour_is_unknown(
    body: bytes, there: Desk, wire: Wire, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    green = pass_of(there, "zhang", at=now, current=TOLD)

    def answered(*sent: object, **named: object) -> object:
        return replace(wire(*sent, **named), body=body)  # type: ignore[arg-type]

    monkeypatch.setattr("codes.cities.signing.call", answered)
    with in_city("alpha"):
        found = foreign_pass(green, now=now)
    assert (found.word, found.colour) == ("unknown", "")


def test_refused_and_to_be_exchanged_ask_nobody(there: Desk, wire: Wire, now: datetime) -> None:
    green = pass_of(there, "zhang", at=now, current=TOLD)
    with in_city("alpha") as city:
        for recognition, outcome in ((Recognition.REFUSE, "refused"), (Recognition.CONVERT, "to_convert")):
            recognise(city, recognition)
            found = foreign_pass(green, now=now)
            assert (found.word, found.outcome.value, found.colour) == ("other_city", outcome, "")
            assert found.next_step("en")
    assert wire.sent == []


def test_what_its_city_says_is_no_pass_is_none_here(there: Desk, wire: Wire, now: datetime) -> None:
    old = pass_of(there, "zhang", at=now - timedelta(hours=1), current=TOLD)
    green = pass_of(there, "zhang", at=now, current=TOLD)
    with in_city("alpha"):
        assert foreign_pass(old, now=now).word == "expired"
        Neighbour.objects.update(listed=False)
        found = foreign_pass(green, now=now)
        assert (found.word, found.colour) == ("unknown_key", "")
        for text in ("", "HCP1:", "HCP1:" + "Z" * 40, "HPP1:" + green[5:20], "x" * 5000, "HCP1:é"):
            with pytest.raises(NotAForeignPass):
                foreign_pass(text, now=now)
    with in_city("beta"), pytest.raises(NotAForeignPass):
        foreign_pass(green, now=now)


def test_a_pass_is_exchanged_for_its_own_holder_only(
    there: Desk, wire: Wire, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_city("beta"):
        person("zhang", NUMBER)
        person("chen", OTHER_NUMBER)
    theirs = pass_of(there, "zhang", at=now, current=TOLD)
    with in_city("alpha") as city, translation.override("en"):
        holder, stranger = (
            person(name, number, known_since=now) for name, number in (("z", NUMBER), ("s", OTHER_NUMBER))
        )

        def refused(citizen: Citizen) -> object:
            with pytest.raises(Refused) as error:
                convert(theirs, citizen=citizen, by=f"citizen:{citizen.ref}", now=now)
            return error.value.reason

        assert refused(holder) is ConversionRefusal.NOT_HERE
        recognise(city, Recognition.CONVERT)
        assert refused(holder) is ConversionRefusal.NOT_DECLARED
        for citizen in (holder, stranger):
            Entry.objects.create(
                provider=Provider.objects.get(code="alipay"),
                entry_id=citizen.ref,
                type="declaration",
                citizen=citizen,
                submitted_at=now,
                instant=now,
                received_at=now,
                digest=b"-",
            )
        assert refused(stranger) is ConversionRefusal.NOT_GOOD
        wire.down = {"beta.localhost"}
        assert refused(holder) is ConversionRefusal.NO_ANSWER
        wire.down = set()
        done = convert(theirs, citizen=holder, by="citizen:z", now=now)
        # zhang is red in beta now, whatever the pass says, and nobody knows of him here.
        assert (done.there, done.content.colour, done.content.division) == ("red", "unknown", "510100")
        assert JournalEntry.objects.filter(verb="pass.converted", subject="citizen:z").exists()
        # Green here by now. At the gate beta is not asked again.
        monkeypatch.setattr("codes.cities.recognition.effective_code", lambda _citizen, now: TOLD)
        exchanged = convert(theirs, citizen=holder, by="citizen:z", now=now).token
        monkeypatch.setattr("codes.passes.live.effective_code", lambda _citizen, now: TOLD)
        own = issue_pass(holder, now=now, current=TOLD)[0]
        told = [check_pass(text, by="gate:1", now=now) for text in (exchanged, own)]
        assert [(one.result.value, one.colour) for one in told] == [("ok", "red"), ("ok", "green")]
    with in_city("beta"):
        assert (
            JournalEntry.objects.filter(verb="city.looked_up", by="city:510100", subject="citizen:zhang").count() == 2
        )
    assert not any(NUMBER in sent.address + str(sent.headers) for sent in wire.sent)


def test_an_altered_call_gets_no_colour(there: Desk, wire: Wire, now: datetime) -> None:
    """Whatever somebody on the way changes: the other city does not take it, and here it is no answer."""
    red, green = pass_of(there, "zhang", at=now), pass_of(there, "chen", at=now, current=TOLD)

    def other_body(sent: Sent) -> Sent:
        return replace(sent, content=sent.content.replace(red.encode(), green.encode()))

    wire.altered = other_body
    with in_city("alpha"):
        assert foreign_pass(red, now=now).word == "unknown"
    assert [one.address.rpartition("localhost")[2] for one in wire.calls] == [f":8000{PATH}"]


def test_neighbours_are_noted_once_and_unlisted_when_gone(db: None, now: datetime) -> None:
    assert note_neighbours(now=now) == 2
    assert note_neighbours(now=now) == 0
    with in_city("alpha"):
        Neighbour.objects.create(division="500100", name_zh="重庆市", name_en="Chongqing", address="https://cq.example")
    assert note_neighbours(now=now) == 1
    with in_city("alpha"):
        assert set(Neighbour.objects.values_list("division", "listed")) == {("330100", True), ("500100", False)}
