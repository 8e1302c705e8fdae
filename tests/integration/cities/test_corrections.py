"""A correction between two cities: requested in alpha, decided in beta, cleared in alpha; and everything that can fail."""

import json
from base64 import b64decode
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from codes.cities import corrections, exchange
from codes.cities.corrections import CorrectionRefusal, open_correction, open_for_appeals, take_answer
from codes.cities.evidence import answer_file
from codes.cities.neighbours import neighbour_of, note_neighbours
from codes.cities.signing import BadMessage, NotTaken, ask
from codes.effective import effective_code
from codes.models import (
    Case,
    CityCorrection,
    Evidence,
    Fact,
    Neighbour,
    PersonAccess,
    Suppression,
)
from codes.review.appeals import appeals
from codes.review.cases import close
from codes.review.evidence.files import check_evidence, keep_upload, read_evidence
from codes.review.proposals import suppressions
from regions.journal.models import JournalEntry
from regions.refusals import NotAllowed, NotFound, Refused
from regions.retention.classes import data_classes
from regions.retention.sweeping import sweep_class
from regions.tenancy import in_city
from tests.conftest import Keep
from tests.integration.cities.conftest import desk_of_two
from tests.integration.cities.test_recognition import NUMBER, person
from tests.integration.cities.wire import Sent, Wire, lay_wire
from tests.integration.review.desk import EVIDENCE, Desk

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# The record's number in beta; in alpha it has another.
THEIRS = "B-77"
ALPHA, BETA = "510100", "330100"
State, Answer = CityCorrection.State, CityCorrection.Answer


@dataclass(frozen=True)
class Pair:
    """alpha's and beta's officials; zhang is red in both, by beta's record."""

    here: Desk
    there: Desk
    wire: Wire
    now: datetime
    patch: pytest.MonkeyPatch

    def at(self, instant: datetime) -> datetime:
        """Set both cities' clocks."""
        self.patch.setattr("django.utils.timezone.now", lambda: instant)
        return instant

    def open(self, *, by: str = "li", files: Collection[int] = ()) -> CityCorrection:
        """In alpha. Enter it first."""
        fact, case = self.here.fact(), self.here.case()
        shown: dict[str, Any] = {"records": [fact.pk], "files": files}
        return open_correction(case_id=case.pk, fact_id=fact.pk, text="当天不在现场", by=by, now=self.now, **shown)

    def file(self, name: str, *, colour: str = "red") -> Evidence:
        """An official's addition to the case in alpha. Enter it first."""
        case, content = self.here.case(), BytesIO()
        Image.new("RGB", (32, 24), colour).save(content, "PNG")
        return keep_upload(
            citizen=case.citizen, content=content.getvalue(), original_name=name, by="li", now=self.now, case=case
        )

    def round(self, *schemas: str, at: datetime | None = None) -> dict[str, int]:
        """What the timer does in these cities, one after the other; the counts of the last."""
        moment = self.at(at or self.now)
        done: dict[str, int] = {}
        for schema in schemas or ("alpha", "beta", "alpha"):
            with in_city(schema):
                done = exchange.exchange(now=moment)
        return done

    def rule_wrong(self) -> None:
        """Two officials of beta rule the record to be wrong, on the correction's case; one of them alone cannot."""
        with in_city("beta"):
            proposed = suppressions.propose_suppression(
                fact_id=Fact.objects.get(record_id=THEIRS, superseded=False).pk,
                case_id=self.there.case(kind="correction").pk,
                reason_code="never_happened",
                evidence=EVIDENCE,
                by="zhao",
                now=self.now,
            )
            with pytest.raises(Refused):
                suppressions.approve_suppression(suppression_id=proposed.pk, by="zhao", now=self.now)
            suppressions.approve_suppression(suppression_id=proposed.pk, by="wang", now=self.now)


@pytest.fixture
def pair(
    keep: Keep, now: datetime, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Pair:
    monkeypatch.setattr("django.conf.settings.MEDIA_ROOT", tmp_path)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    here, there = keep(two_cities, now)
    request.getfixturevalue("db")
    return Pair(here, there, lay_wire(monkeypatch), now, monkeypatch)


def two_cities(now: datetime) -> tuple[Desk, Desk]:
    """Build the two cities, which know each other. Return the officials of alpha and of beta."""
    assert note_neighbours(now=now) == 2
    with in_city("beta"):
        there = desk_of_two(now)
        person("zhang", NUMBER)
        there.tell("zhang", "spacetime_overlap", record_id=THEIRS)
        there.run(now - 30 * SECOND)
    with in_city("alpha"):
        here = desk_of_two(now)
        person("zhang", NUMBER)
        here.tell(
            "zhang", "spacetime_overlap", record_id="police-zhang", detail={"issued_by": BETA, "issued_id": THEIRS}
        )
        here.run(now - 30 * SECOND)
    return here, there


def only(side: str = "sent") -> CityCorrection:
    return CityCorrection.objects.select_related("neighbour", "case", "fact").get(side=side)


def told(verb: str) -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(verb=verb).order_by("seq"))


def test_a_record_ruled_wrong_where_it_comes_from_is_cleared_here(pair: Pair) -> None:
    with in_city("alpha"):
        with pytest.raises(NotAllowed):
            pair.open(by="wang")
        opened = pair.open()
        assert opened.neighbour.name_en == "Beta"
        with pytest.raises(Refused):
            pair.open()
        assert effective_code(pair.here.citizen("zhang").pk, now=pair.now).colour == "red"
    pair.round("alpha")
    with in_city("beta"):
        asked = only("received")
        case = Case.objects.get(kind="correction")
        assert (asked.text, asked.case, case.severity) == ("当天不在现场", case, "red")
        assert asked.evidence[0]["record"] == "spacetime_overlap"
    with in_city("alpha"):
        waiting = only()
        assert (waiting.state, waiting.their_number, waiting.due_at) == (State.ASKED, case.number, asked.due_at)
    pair.rule_wrong()
    pair.round("beta")
    with in_city("beta"):
        assert (only("received").state, only("received").answered_by) == (State.TOLD, "wang")
        assert Case.objects.get(kind="correction").state == "converged"
    with in_city("alpha"):
        cleared = only()
        assert (cleared.state, cleared.answer, cleared.answered_by) == (
            State.ANSWERED,
            Answer.CORRECTED,
            f"city:{BETA}",
        )
        wrong = cleared.suppression
        assert wrong is not None
        assert (wrong.state, wrong.proposed_by, wrong.decided_by) == ("approved", "li", f"city:{BETA}")
        assert effective_code(pair.here.citizen("zhang").pk, now=pair.now).colour == "green"
        assert pair.here.case().state == "converged"
        assert [one.by for one in told("correction.answered")] == [f"city:{BETA}"]
        verbs = pair.here.case().events.values_list("verb", flat=True)
        assert {"correction_sent", "correction_answered", "suppression_approved"} <= set(verbs)
    assert not any(NUMBER in sent.address + str(sent.headers) for sent in pair.wire.sent)
    # What stands is what the journal says, in both.
    assert pair.round() == {"opened": 0, "decided": 0, "escalated": 0, "sent": 0}


@pytest.mark.parametrize("how", ["upheld", "ruled", "revoked"])
def test_beta_decides_by_its_own_rules(pair: Pair, how: str) -> None:
    with in_city("alpha"):
        pair.open()
    pair.round("alpha")
    with in_city("beta"):
        case = pair.there.case(kind="correction")
        if how == "upheld":
            close.uphold(case_id=case.pk, reason_code="record_confirmed", answer="记录属实", by="li", now=pair.now)
        elif how == "ruled":
            pair.there.approve(pair.there.propose(kind="correction"))
        else:
            pair.there.tell("zhang", "spacetime_overlap", record_id=THEIRS, revoked=True)
    pair.round("beta")
    with in_city("alpha"):
        found = only()
        expected = {
            "upheld": ("upheld", "记录属实", ""),
            "ruled": ("ruled", "", "green"),
            "revoked": ("corrected", "", ""),
        }
        assert (found.answer, found.answer_text, found.ruled_colour) == expected[how]
        colour = effective_code(pair.here.citizen("zhang").pk, now=pair.now).colour
        assert (colour, Suppression.objects.count()) == (("green", 1) if how == "revoked" else ("red", 0))


def test_a_city_that_is_down_is_tried_again_and_escalated(pair: Pair) -> None:
    with in_city("alpha"):
        opened = pair.open()
    pair.wire.down = {"beta.localhost"}
    for minutes in (0, 0, 1, 2, 3):
        pair.round("alpha", at=pair.now + minutes * MINUTE)
    with in_city("alpha"):
        found = only()
        assert (found.state, found.tries, found.fault, found.escalated_at) == (State.UNSENT, 3, "no_connection", None)
    late = opened.due_at + MINUTE
    assert pair.round("alpha", at=late)["escalated"] == 1
    assert pair.round("alpha", at=late)["escalated"] == 0
    with in_city("alpha"):
        assert (only().escalated_at, len(told("correction.escalated"))) == (late, 1)
    pair.wire.down = set()
    assert pair.round("alpha", at=late + HOUR)["sent"] == 1
    with in_city("alpha"):
        assert (only().state, only().fault, only().tries) == (State.ASKED, "", 0)


def test_an_answer_that_was_lost_on_the_way_is_asked_for(pair: Pair) -> None:
    with in_city("alpha"):
        opened = pair.open()
    pair.round("alpha")
    pair.wire.down = {"alpha.localhost"}
    pair.rule_wrong()
    pair.round("beta")
    with in_city("beta"):
        assert (only("received").state, only("received").fault) == (State.DECIDED, "no_connection")
    # beta cannot reach alpha, for its keys neither: then it answers nothing.
    pair.wire.down = set()
    late = opened.due_at + 2 * HOUR
    pair.round("alpha", at=late)
    with in_city("alpha"):
        assert (only().state, only().answer) == (State.ANSWERED, Answer.CORRECTED)
    pair.round("beta", at=late)
    with in_city("beta"):
        assert only("received").state == State.TOLD


def test_a_message_again_does_nothing_twice_and_another_is_refused(pair: Pair) -> None:
    with in_city("alpha"):
        one = pair.open()
        content = exchange.question_message(only())
    pair.round("alpha")
    replayed = pair.wire.calls[-1]
    with in_city("alpha"):
        beta = neighbour_of(BETA)
        assert beta is not None
        assert ask(beta, exchange.ASK_PATH, content, now=pair.now)["number"] == only().their_number
        changes: list[dict[str, Any]] = [
            *({"text": "另一段"}, {"record_id": "police-chen"}, {"evidence": []}),
            *({"colour": "yellow"}, {"id_number": "440524188001010014"}),
        ]
        for change in changes:
            with pytest.raises(NotTaken) as refused:
                ask(beta, exchange.ASK_PATH, {**content, **change}, now=pair.now)
            assert refused.value.status == 422
        changes = [{"id_number": "1"}, {"text": "a\x00"}, {"colour": "green"}, {"reference": "1"}, {"evidence": 3}]
        for change in changes:
            with pytest.raises(NotTaken) as refused:
                ask(beta, exchange.ASK_PATH, {**content, **change}, now=pair.now)
            assert refused.value.status == 400
        # The same bytes with the same nonce, kept by somebody on the way.
        answer = pair.wire(replayed.method, replayed.address, content=replayed.content, headers=replayed.headers)
        assert (answer.status, json.loads(answer.body)["code"]) == (401, "replayed")
        # Nobody of beta's, and a record that beta does not have: answered at once, and nothing is kept there.
        changes = [{"record_id": "police-x"}, {"id_number": "440524188001010014"}]
        for change in changes:
            found = ask(beta, exchange.ASK_PATH, {**content, **change, "reference": str(uuid4())}, now=pair.now)
            assert found["answer"]["answer"] == "not_ours"
    with in_city("beta"):
        assert CityCorrection.objects.count() == Case.objects.filter(kind="correction").count() == 1
        assert only("received").reference == one.reference


def digests(one: CityCorrection) -> list[str]:
    return [line["sha256"] for line in one.evidence if "sha256" in line]


def test_files_that_were_chosen_are_had_kept_and_seen_by_the_person(pair: Pair) -> None:
    with in_city("alpha"):
        kept = [pair.file("考勤.png"), pair.file("住院.png", colour="blue")]
        opened = pair.open(files=[kept[0].pk])
        with pytest.raises(Refused):
            pair.open(files=[kept[0].pk, 10**9])
        assert digests(opened) == [bytes(kept[0].sha256).hex()], "what was not chosen stays"
    pair.wire.fails = {"correction-files"}
    pair.round("alpha", "beta")
    with in_city("beta"):
        assert (only("received").fault, Evidence.objects.count()) == ("no_connection", 0)
    pair.wire.fails = set()
    pair.round("beta", at=pair.now + MINUTE)
    with in_city("beta"):
        case, asked = pair.there.case(kind="correction"), only("received")
        got = Evidence.objects.get(case=case)
        assert (asked.fault, asked.next_try_at, asked.evidence[-1]["kept"]) == ("", None, got.pk)
        assert (got.uploaded_by, got.citizen_id, got.redrawn) == (f"city:{ALPHA}", case.citizen_id, True)
        read = read_evidence(evidence_id=got.pk, by="wang", purpose="核查", now=pair.now)[1]
        assert Image.open(BytesIO(read)).size == (32, 24)
        # A ruling may rest on it, and the timer has it no second time.
        assert check_evidence([f"file:{got.pk}"], citizen=case.citizen)
        assert (exchange.exchange(now=pair.now + HOUR)["sent"], Evidence.objects.count()) == (0, 1)
    with in_city("alpha"):
        (seen,) = PersonAccess.objects.filter(what=f"evidence:{kept[0].pk}")
        assert (seen.by, seen.citizen) == (f"city:{BETA}", pair.here.citizen("zhang"))
        # Asked again after its deadline it is the same correction, though the files were noted in its lines.
        pair.round("alpha", at=opened.due_at + 2 * HOUR)
        assert (only().state, only().fault) == (State.ASKED, "")


def test_a_file_goes_to_the_city_that_was_asked_and_while_the_correction_names_it(pair: Pair) -> None:
    with in_city("alpha"):
        kept, other = pair.file("考勤.png"), pair.file("住院.png", colour="blue")
        one, beta = pair.open(files=[kept.pk]), neighbour_of(BETA)
        assert beta is not None
        stranger = Neighbour.objects.create(
            division="500000", name_zh="重庆市", name_en="Chongqing", address="https://cq"
        )
        asked = {"reference": str(one.reference), "sha256": bytes(kept.sha256).hex()}
        assert b64decode(answer_file(asked, of=beta, now=pair.now)["content"]).startswith(b"\x89PNG")
        before = PersonAccess.objects.count()
        unfit: list[tuple[dict[str, str], Neighbour]] = [
            ({}, stranger),
            ({"sha256": bytes(other.sha256).hex()}, beta),
            ({"reference": str(uuid4())}, beta),
        ]
        for change, city in unfit:
            with pytest.raises(NotFound):
                answer_file({**asked, **change}, of=city, now=pair.now)
        with pytest.raises(BadMessage):
            answer_file({**asked, "sha256": "../x"}, of=beta, now=pair.now)
        CityCorrection.objects.update(state=State.WITHDRAWN, next_try_at=None)
        with pytest.raises(NotFound):
            answer_file(asked, of=beta, now=pair.now)
        assert PersonAccess.objects.count() == before


@pytest.mark.parametrize(("content", "fault"), [(b"GIF89a", ""), (b"another", "http_200")])
def test_what_is_no_file_or_another_is_not_kept(pair: Pair, content: bytes, fault: str) -> None:
    with in_city("alpha"):
        kept = pair.file("考勤.png")
        if not fault:
            Evidence.objects.update(sha256=sha256(content).digest())
        pair.open(files=[kept.pk])
    pair.patch.setattr("codes.cities.evidence.hand_to_city", lambda *_, **__: content)
    pair.round("alpha", "beta")
    with in_city("beta"):
        assert (only("received").fault, Evidence.objects.count()) == (fault, 0)


def answer_of(one: CityCorrection, **changes: Any) -> dict[str, Any]:
    return {"reference": str(one.reference), "answer": "corrected", "text": "", "colour": ""} | changes


def test_only_the_owner_answers_once_and_what_was_asked(pair: Pair) -> None:
    with in_city("alpha"):
        one = pair.open()
        beta = neighbour_of(BETA)
        assert beta is not None
        other = Neighbour.objects.create(division="500000", name_zh="重庆市", name_en="Chongqing", address="https://cq")
        before = JournalEntry.objects.count()
        with pytest.raises(NotFound):  # signed by a city that was not asked
            take_answer(answer_of(one), of=other, now=pair.now)
        with pytest.raises(NotFound):  # for another correction
            take_answer(answer_of(one, reference=str(uuid4())), of=beta, now=pair.now)
        for wrong in ({"answer": "green"}, {"colour": "green"}, {"answer": "ruled"}, {"reference": ""}, {"text": 3}):
            with pytest.raises(BadMessage):
                take_answer(answer_of(one, **wrong), of=beta, now=pair.now)
        assert (only().state, JournalEntry.objects.count()) == (State.UNSENT, before)
        assert effective_code(pair.here.citizen("zhang").pk, now=pair.now).colour == "red"
        # Two answers: whichever comes second is refused unless it is the same.
        stale = only()
        take_answer(answer_of(one, answer="upheld"), of=beta, now=pair.now)
        take_answer(answer_of(one, answer="upheld"), of=beta, now=pair.now)
        second = corrections.AnswerMessage.model_validate(answer_of(one))
        for late in (
            lambda: take_answer(answer_of(one), of=beta, now=pair.now),
            lambda: second_of(stale, second, pair),
        ):
            with pytest.raises(Refused) as refused:
                late()
            assert refused.value.reason is CorrectionRefusal.ANSWERED_OTHERWISE
        assert (only().answer, len(told("correction.answered")), Suppression.objects.count()) == ("upheld", 1, 0)


def second_of(stale: CityCorrection, message: corrections.AnswerMessage, pair: Pair) -> None:
    """As a request does that read the row before the first had written."""
    corrections.take_answer_to(stale, message, now=pair.now)


def test_a_signature_of_another_city_asks_and_answers_nothing(pair: Pair) -> None:
    with in_city("alpha"):
        pair.open()

    def forged(sent: Sent) -> Sent:
        return replace(sent, headers={**sent.headers, "X-City-Division": "500000"})

    pair.wire.altered = forged
    pair.round("alpha")
    with in_city("alpha"):
        assert (only().state, only().fault) == (State.UNSENT, "http_401")
    with in_city("beta"):
        assert not CityCorrection.objects.exists()


def test_a_record_that_has_ended_meanwhile(pair: Pair) -> None:
    """Here before it was sent: nothing is sent. There before it came: answered at once."""
    with in_city("alpha"):
        pair.open()
        pair.here.revoke("zhang")
    pair.round("alpha")
    assert pair.wire.calls == []
    with in_city("alpha"):
        assert only().state == State.WITHDRAWN
        pair.here.tell(
            "zhang", "spacetime_overlap", record_id="police-zhang", detail={"issued_by": BETA, "issued_id": THEIRS}
        )
        pair.here.run()
        pair.open()
    with in_city("beta"):
        pair.there.tell("zhang", "spacetime_overlap", record_id=THEIRS, revoked=True)
    pair.round("alpha")
    with in_city("alpha"):
        found = CityCorrection.objects.sent().latest("pk")
        assert (found.state, found.answer, Suppression.objects.count()) == (State.ANSWERED, Answer.CORRECTED, 1)
    with in_city("beta"):
        assert not CityCorrection.objects.exists()
        assert [one.data["answer"] for one in told("correction.answered_at_once")] == ["corrected"]


def test_a_record_that_ends_here_before_the_answer_has_nothing_to_clear(pair: Pair) -> None:
    with in_city("alpha"):
        one = pair.open()
        pair.here.revoke("zhang")
        beta = neighbour_of(BETA)
        assert beta is not None
        take_answer(answer_of(one), of=beta, now=pair.now)
        assert (only().answer, only().suppression) == (Answer.CORRECTED, None)


def test_an_appeal_asks_the_owner_once_it_cannot_be_withdrawn(pair: Pair) -> None:
    with in_city("alpha"):
        filed = pair.here.appeal(text="我当天在家")
        assert exchange.exchange(now=pair.now)["opened"] == 0
        after = pair.at(filed.withdraw_until + MINUTE)
        assert exchange.exchange(now=after)["opened"] == 1
        assert exchange.exchange(now=after)["opened"] == 0
        asked = only()
        assert (asked.opened_by, asked.text, asked.case_id) == ("citizen:zhang", "我当天在家", filed.case_id)
        assert asked.state == State.ASKED
        other = pair.here.appeal("chen", reason_code="providers_differ")
        appeals.withdraw(case_id=other.case_id, by="citizen:chen", now=pair.now)
        assert exchange.exchange(now=after + HOUR)["opened"] == 0


@pytest.mark.parametrize("why", ["unlisted", "own", "asked"])
def test_an_appeal_whose_owner_cannot_be_asked_is_not_tried_at_each_round(pair: Pair, why: str) -> None:
    with in_city("alpha"):
        name = "chen" if why == "own" else "zhang"
        if why == "own":
            pair.here.tell("chen", "arrival", record_id="police-chen", detail={"issued_by": ALPHA})
            pair.here.run()
        after = pair.at(pair.here.appeal(name).withdraw_until + MINUTE)
        if why == "unlisted":
            Neighbour.objects.update(listed=False)
        elif why == "asked":
            pair.open()
        with CaptureQueriesContext(connection) as captured:
            assert open_for_appeals(now=after) == 0
        assert len(captured) == 1, "one query finds what is due"
        if why == "unlisted":
            Neighbour.objects.update(listed=True)
            assert open_for_appeals(now=after) == 1, "and it is asked once the city is listed again"


def test_words_of_corrections_go_with_those_of_closed_cases(pair: Pair) -> None:
    (cases,) = [one for one in data_classes() if one.name == "cases"]
    long_ago = pair.now - timedelta(days=4 * 365)
    with in_city("alpha"):
        one = pair.open()
        beta = neighbour_of(BETA)
        assert beta is not None
        CityCorrection.objects.update(opened_at=long_ago)
        sweep_class(cases, now=pair.now)
        assert only().text == "当天不在现场", "an open one keeps its words"
        take_answer(answer_of(one, answer="upheld", text="属实"), of=beta, now=pair.now)
        sweep_class(cases, now=pair.now)
        assert only().text == "当天不在现场", "so does a young one"
        CityCorrection.objects.update(answered_at=long_ago)
        sweep_class(cases, now=pair.now)
        found = only()
        assert (found.text, found.evidence, found.answer_text, found.answer) == ("–", [], "–", "upheld")


@pytest.mark.parametrize(
    ("told", "due"),
    [
        ({"due_at": "0001-01-01T00:00:00+14:00"}, None),
        ({"due_at": "9999-12-31T23:59:59-14:00"}, None),
        ({"due_at": "2026-11-25T23:59:00+23:59"}, datetime(2026, 11, 25, 0, 0, tzinfo=UTC)),
        ({"due_at": 5}, None),
        ({"due_at": "2026-11-25T00:00:00+00:00", "number": "\x00"}, "not_understood"),
        ({"due_at": "2026-11-25T00:00:00+00:00", "number": "\ud800"}, "not_understood"),
        ({"due_at": "2026-11-25T00:00:00+00:00", "number": ["C1"]}, "not_understood"),
        ({"answer": {"reference": "x"}}, "not_understood"),
    ],
    ids=str,
)
def test_whatever_a_city_answers_the_exchange_goes_on(
    pair: Pair, told: dict[str, Any], due: datetime | str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer of one city ends the round of the others, or is kept so that it cannot be read again."""
    with in_city("alpha"):
        opened = pair.open()
    monkeypatch.setattr(exchange, "ask", lambda *_said, **_how: told)
    pair.round("alpha")
    with in_city("alpha"):
        found = only()
        assert (found.state, found.fault, found.due_at) == (
            (State.UNSENT, due, opened.due_at) if isinstance(due, str) else (State.ASKED, "", due or opened.due_at)
        )
