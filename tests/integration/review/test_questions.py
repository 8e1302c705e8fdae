"""Asking the citizen stops the clock; asking an office does not."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import TextChoices

from codes.models import Case, CorrectionRequest, InformationRequest
from codes.review import corrections, information
from codes.review.cases import close
from codes.review.errors import Reason
from codes.review.evidence.files import keep_upload
from regions.refusals import CommonReason, MovedMeanwhile, NotFound, Refused
from tests.integration.review.desk import Desk
from tests.unit.review.test_uploads import picture

HOUR = timedelta(hours=1)


def refusal(act: object, **values: object) -> TextChoices:
    with pytest.raises(Refused) as refused:
        act(**values)  # type: ignore[operator]
    return refused.value.reason


def ask(desk: Desk, case: Case) -> InformationRequest:
    return information.ask(case_id=case.pk, question="当天您在哪里？", by="li", now=desk.now)


def test_the_clock_stands_from_the_question_to_the_answer(desk: Desk) -> None:
    case = desk.case()
    due = case.due_at
    request = ask(desk, case)
    case.refresh_from_db()
    assert (case.state, case.paused_at, case.due_at) == ("waiting_for_information", desk.now, due)
    assert request.answer_by == desk.now + timedelta(days=3)
    answered = information.answer(request_id=request.pk, text="在家", by="citizen:zhang", now=desk.now + 5 * HOUR)
    assert (answered.state, answered.answer, answered.answered_by) == ("answered", "在家", "citizen:zhang")
    case.refresh_from_db()
    assert (case.state, case.paused_at, case.due_at) == ("in_review", None, due + 5 * HOUR)


def test_an_answer_may_bring_files_and_needs_something(desk: Desk) -> None:
    request = ask(desk, desk.case())
    key: dict[str, Any] = {"request_id": request.pk, "by": "citizen:zhang", "now": desk.now}
    assert refusal(information.answer, text=" ", **key) is CommonReason.NO_REASON
    kept = keep_upload(
        citizen=desk.citizen("zhang"),
        content=picture("JPEG"),
        original_name="a.jpg",
        by="citizen:zhang",
        now=desk.now,
    )
    information.answer(text="", evidence_ids=[kept.pk], **key)
    assert [one.pk for one in desk.case().evidence.all()] == [kept.pk]


def test_only_the_citizen_answers_and_only_once(desk: Desk) -> None:
    request = ask(desk, desk.case())
    with pytest.raises(NotFound):
        information.answer(request_id=request.pk, text="我", by="citizen:chen", now=desk.now)
    information.answer(request_id=request.pk, text="在家", by="citizen:zhang", now=desk.now)
    with pytest.raises(MovedMeanwhile):
        information.answer(request_id=request.pk, text="又", by="citizen:zhang", now=desk.now)


def test_the_review_goes_on_when_the_question_is_dropped(desk: Desk) -> None:
    request = ask(desk, desk.case())
    assert refusal(information.drop, request_id=request.pk, by="wu", now=desk.now) is Reason.HELD_BY_ANOTHER
    information.drop(request_id=request.pk, by="li", now=desk.now + HOUR)
    assert desk.case().state == "in_review"
    again = ask(desk, desk.case())
    assert again.pk != request.pk


def test_the_review_goes_on_when_no_answer_comes_in_time(desk: Desk) -> None:
    due = desk.case().due_at
    request = ask(desk, desk.case())
    assert information.lapse_unanswered(now=request.answer_by - timedelta(seconds=1)) == 0
    assert information.lapse_unanswered(now=request.answer_by) == 1
    assert information.lapse_unanswered(now=request.answer_by) == 0
    request.refresh_from_db()
    assert request.state == "lapsed"
    assert (desk.case().state, desk.case().due_at) == ("in_review", due + timedelta(days=3))


def test_a_complex_case_gets_three_working_days_once(desk: Desk) -> None:
    case = close.mark_complex(case_id=desk.case().pk, reason="需向外地核实", by="li", now=desk.now)
    assert case.due_at == case.opened_at + timedelta(days=3)  # a Tuesday
    assert case.answer == "需向外地核实"
    assert refusal(close.mark_complex, case_id=case.pk, reason="再等", by="li", now=desk.now) is Reason.COMPLEX_ALREADY


def test_the_first_look_is_noted_once(desk: Desk) -> None:
    assert close.look(case_id=desk.case().pk, by="wang", now=desk.now + HOUR).first_looked_at == desk.now + HOUR
    assert close.look(case_id=desk.case().pk, by="li", now=desk.now + 2 * HOUR).first_looked_at == desk.now + HOUR
    assert desk.case().events.filter(verb="looked").count() == 1


def test_deciding_is_having_looked(desk: Desk) -> None:
    desk.propose()
    assert desk.case().first_looked_at == desk.now


def send(desk: Desk, **changes: object) -> CorrectionRequest:
    asked: dict[str, object] = {
        "case_id": desk.case().pk,
        "fact_id": desk.fact().pk,
        "text": "时间与行程不符，请核实",
        "sent_to": "市疾控中心",
    }
    return corrections.send(**{**asked, **changes}, by="li", now=desk.now)  # type: ignore[arg-type]


def test_a_correction_is_asked_of_the_records_owner_and_the_clock_keeps_running(desk: Desk) -> None:
    due = desk.case().due_at
    request = send(desk)
    case = desk.case()
    assert (case.state, case.paused_at, case.due_at) == ("received", None, due)
    assert (request.sent_to, request.sent_by, request.sent_at) == ("市疾控中心", "li", desk.now)
    answered = corrections.enter_answer(
        request_id=request.pk, answer="corrected", text="已更正", by="wu", now=desk.now + HOUR
    )
    assert (answered.answer, answered.answer_entered_by, answered.answered_at) == ("corrected", "wu", desk.now + HOUR)
    with pytest.raises(MovedMeanwhile):
        corrections.enter_answer(request_id=request.pk, answer="upheld", by="li", now=desk.now)
    assert list(case.events.values_list("verb", flat=True)) == ["opened", "correction_sent", "correction_answered"]


def test_an_office_may_answer_after_the_citizen_was(desk: Desk) -> None:
    request = send(desk)
    desk.bring(desk.case(), "decided")
    corrections.enter_answer(request_id=request.pk, answer="not_ours", by="li", now=desk.now)
    assert desk.case().events.latest("pk").verb == "upheld"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"text": ""}, CommonReason.NO_REASON),
        ({"sent_to": " "}, CommonReason.NO_REASON),
        ({"fact_id": 0}, CommonReason.NOT_FOUND),
        ({"case_id": 0}, CommonReason.NOT_FOUND),
    ],
)
def test_a_correction_says_what_to_whom(desk: Desk, changes: dict[str, object], why: Reason) -> None:
    assert refusal(send, desk=desk, **changes) is why


def test_the_same_correction_is_not_asked_twice_while_open(desk: Desk) -> None:
    first = send(desk)
    assert refusal(send, desk=desk) is Reason.ASKED_ALREADY
    corrections.enter_answer(request_id=first.pk, answer="upheld", by="li", now=desk.now)
    send(desk)


def test_what_a_person_declared_is_corrected_by_declaring_again(desk: Desk) -> None:
    fact = desk.fact()
    fact.pk, fact.record_id, fact.origin = None, "declared-1", "provider"
    fact.source_id, fact.provider_id = None, desk.keys.providers["wechat"]
    fact.save(force_insert=True)
    assert refusal(send, desk=desk, fact_id=fact.pk) is Reason.NOT_A_SOURCE_RECORD
