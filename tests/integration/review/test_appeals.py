"""Appeals: they have a number and a next step, can be withdrawn in time, or are refused with an alternative."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import TextChoices

from codes.models import Appeal, Case, CaseEvent, Citizen, Guardianship, Rule, Ruling
from codes.review.appeals import appeals
from codes.review.appeals.policy import Instead, targets_of
from codes.review.errors import Reason
from codes.review.evidence.files import keep_upload
from regions.refusals import CommonReason, NotAllowed, NotFound, Refused
from tests.integration.review.desk import Desk, written
from tests.unit.review.test_uploads import picture


def refusal(act: object, *arguments: object, **values: object) -> TextChoices:
    with pytest.raises(Refused) as refused:
        act(*arguments, **values)  # type: ignore[operator]
    return refused.value.reason


def test_what_can_be_appealed_against_is_what_holds_the_code(desk: Desk) -> None:
    (zhang,) = targets_of(desk.citizen("zhang"))
    assert (zhang.provider, zhang.rule, zhang.kind, zhang.colour, zhang.may_appeal) == (
        "wechat",
        "R2",
        "spacetime_overlap",
        "red",
        True,
    )
    assert zhang.anchor == desk.fact("zhang").started_on
    (liu,) = targets_of(desk.citizen("liu"))
    assert (liu.may_appeal, liu.instead, liu.reasons) == (False, Instead.ASK_ASSIGNING_PLACE, [])
    desk.revoke("zhang")
    desk.run()
    assert targets_of(desk.citizen("zhang")) == []


def test_an_appeal_has_a_number_and_says_what_happens_when(desk: Desk) -> None:
    red = desk.appeal("zhang")
    yellow = desk.appeal("chen")
    assert [red.number, yellow.number] == ["A20261124-000001", "A20261124-000002"]
    assert red.withdraw_until == desk.now + timedelta(minutes=10)
    assert (red.first_look_by, red.answer_by) == (desk.now + timedelta(hours=4), desk.now + timedelta(hours=24))
    assert (yellow.first_look_by, yellow.answer_by) == (None, desk.now + timedelta(hours=8))
    case = desk.case("zhang", "appeal")
    assert (case.pk, case.state, case.severity) == (red.case_id, "received", "red")
    appeal = Appeal.objects.get(case=case)
    assert (appeal.provider.code, appeal.rule, appeal.fact_id, appeal.colour) == ("wechat", "R2", desk.fact().pk, "red")
    assert list(CaseEvent.objects.filter(case=case).values_list("verb", "by")) == [("filed", "citizen:zhang")]


def test_numbers_start_anew_each_day_in_the_citys_own_zone(desk: Desk) -> None:
    desk.appeal("zhang")
    late = desk.now.replace(hour=17)  # already the 25th in the city
    filed = appeals.file_appeal(
        citizen=desk.citizen("chen"),
        provider="wechat",
        rule="Y1",
        fact_id=desk.fact("chen").pk,
        reason_code="providers_differ",
        by="citizen:chen",
        now=late,
    )
    assert filed.number == "A20261125-000001"


def test_numbers_go_on_after_a_million(desk: Desk) -> None:
    Case.objects.filter(pk=desk.appeal("zhang").case_id).update(number="A20261124-999999")
    assert desk.appeal("chen").number == "A20261124-1000000"
    assert Case.objects.next_number("A", date(2026, 11, 24)) == "A20261124-1000001"


def test_confirmed_cases_and_contacts_hear_what_else_they_can_do(desk: Desk) -> None:
    before = written()
    with pytest.raises(Refused) as refused:
        desk.appeal("liu")
    assert refused.value.params["instead"] is Instead.ASK_ASSIGNING_PLACE
    assert written() == before


def test_a_second_appeal_is_told_of_the_first(desk: Desk) -> None:
    desk.appeal()
    assert refusal(desk.appeal) is Reason.APPEALED_ALREADY
    assert Case.objects.filter(kind="appeal").count() == 1


def test_what_does_not_hold_the_code_cannot_be_appealed_against(desk: Desk) -> None:
    desk.revoke("zhang")
    desk.run()
    assert refusal(desk.appeal) is Reason.NOTHING_TO_APPEAL
    desk.approve(desk.propose("chen"))
    assert refusal(desk.appeal, "chen") is Reason.NOTHING_TO_APPEAL


def file_for(desk: Desk, whose: str, *, fact_of: str = "zhang", by: str = "citizen:zhang") -> appeals.Filed:
    return appeals.file_appeal(
        citizen=desk.citizen(whose),
        provider="wechat",
        rule="R2",
        fact_id=desk.fact(fact_of).pk,
        reason_code="providers_differ",
        by=by,
        now=desk.now,
    )


def test_nobody_appeals_for_somebody_else(desk: Desk) -> None:
    with pytest.raises(NotFound):
        file_for(desk, "zhang", by="citizen:chen")
    with pytest.raises(NotFound):
        file_for(desk, "zhang", fact_of="chen")
    with pytest.raises(NotAllowed):
        file_for(desk, "zhang", by="li")


def test_a_guardian_appeals_for_a_dependant_once_accepted(desk: Desk) -> None:
    link = Guardianship.objects.create(
        guardian=desk.citizen("chen"), dependant=desk.citizen("zhang"), relation="child", asked_at=desk.now
    )
    with pytest.raises(NotFound):
        file_for(desk, "zhang", by="citizen:chen")
    Guardianship.objects.filter(pk=link.pk).update(reviewed_by="li", reviewed_at=desk.now, accepted=True)
    filed = file_for(desk, "zhang", by="citizen:chen")
    assert Appeal.objects.get(case=filed.case_id).filed_by == "citizen:chen"


def upload(desk: Desk, citizen: Citizen) -> int:
    kept = keep_upload(
        citizen=citizen, content=picture("PNG"), original_name="票.png", by=f"citizen:{citizen.ref}", now=desk.now
    )
    return kept.pk


def test_evidence_fits_the_reason_and_goes_with_the_appeal(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    asked: dict[str, Any] = {
        "citizen": zhang,
        "provider": "wechat",
        "rule": "R2",
        "fact_id": desk.fact().pk,
        "by": "citizen:zhang",
        "now": desk.now,
    }
    assert refusal(appeals.file_appeal, reason_code="tested_negative", **asked) is Reason.REASON_DOES_NOT_FIT
    Rule.objects.filter(code="R2").update(cleared_by=["negative_test"])
    assert refusal(appeals.file_appeal, reason_code="tested_negative", **asked) is Reason.FILES_MISSING
    files = [upload(desk, zhang)]
    # A test of the record's own day may have been taken before the contact: it clears nothing, so it is no evidence.
    same_day = desk.fact().started_on
    for tested_on in (None, same_day - timedelta(days=1), same_day, desk.now.date() + timedelta(days=1)):
        why = refusal(
            appeals.file_appeal, reason_code="tested_negative", tested_on=tested_on, evidence_ids=files, **asked
        )
        assert why is Reason.TEST_DATE
    filed = appeals.file_appeal(
        reason_code="tested_negative", tested_on=date(2026, 11, 23), evidence_ids=files, **asked
    )
    assert list(zhang.evidence.values_list("pk", "case_id")) == [(files[0], filed.case_id)]


def test_anothers_files_are_no_evidence_of_mine(desk: Desk) -> None:
    chens = upload(desk, desk.citizen("chen"))
    before = written()
    why = refusal(
        appeals.file_appeal,
        citizen=desk.citizen("zhang"),
        provider="wechat",
        rule="R2",
        fact_id=desk.fact().pk,
        reason_code="not_there",
        evidence_ids=[chens],
        by="citizen:zhang",
        now=desk.now,
    )
    assert why is Reason.UNKNOWN_EVIDENCE
    assert written() == before


@pytest.mark.parametrize(("minutes", "allowed"), [(0, True), (10, True), (11, False)])
def test_an_appeal_is_withdrawn_within_ten_minutes(desk: Desk, minutes: int, allowed: bool) -> None:
    filed = desk.appeal()
    act: dict[str, Any] = {
        "case_id": filed.case_id,
        "by": "citizen:zhang",
        "now": desk.now + timedelta(minutes=minutes),
    }
    if allowed:
        assert appeals.withdraw(**act).state == "withdrawn"
        desk.appeal()
    else:
        assert refusal(appeals.withdraw, **act) is Reason.WITHDRAWAL_OVER


def test_a_withdrawn_appeal_takes_its_proposal_along(desk: Desk) -> None:
    filed = desk.appeal()
    desk.propose(kind="appeal")
    appeals.withdraw(case_id=filed.case_id, by="citizen:zhang", now=desk.now)
    assert Ruling.objects.get().state == "withdrawn"


@pytest.mark.parametrize(("days", "allowed"), [(0, True), (30, True), (31, False)])
def test_a_denial_can_be_objected_to_for_thirty_days(desk: Desk, days: int, allowed: bool) -> None:
    case = desk.bring(desk.case("zhang", desk_appeal(desk)), "denied")
    assert case.answer == "记录属实"
    act: dict[str, Any] = {
        "case_id": case.pk,
        "text": "我不同意",
        "by": "citizen:zhang",
        "now": desk.now + timedelta(days=days),
    }
    if allowed:
        assert appeals.log_disagreement(**act).state == "disagreement_logged"
        assert Appeal.objects.get(case=case).disagreement == "我不同意"
        case.refresh_from_db()
        assert case.closed_at == desk.now
    else:
        assert refusal(appeals.log_disagreement, **act) is Reason.DISAGREEMENT_OVER


def desk_appeal(desk: Desk) -> str:
    desk.appeal()
    return "appeal"


@pytest.mark.parametrize("act", [appeals.withdraw, appeals.log_disagreement])
def test_anothers_appeal_and_a_missing_one_look_the_same(desk: Desk, act: object) -> None:
    case = desk.bring(desk.case("zhang", desk_appeal(desk)), "denied")
    extra = {"text": "不"} if act is appeals.log_disagreement else {}
    told = [refusal(act, case_id=key, by="citizen:chen", now=desk.now, **extra) for key in (case.pk, 10**9)]
    assert told == [CommonReason.NOT_FOUND, CommonReason.NOT_FOUND]


def test_an_appeal_closes_by_itself_when_the_code_is_green_again(desk: Desk) -> None:
    desk.appeal()
    desk.propose(kind="appeal")
    desk.revoke("zhang")
    desk.run()
    assert desk.case(kind="appeal").state == "converged"
    assert Ruling.objects.get().state == "withdrawn"


def test_an_appeal_does_not_close_because_a_source_is_silent(desk: Desk) -> None:
    desk.appeal()
    desk.run(desk.now + timedelta(hours=30), silent=("police",))
    assert desk.case(kind="appeal").state == "received"


def test_a_case_that_waits_can_converge(desk: Desk) -> None:
    """The clock that stood is of no case any more: the database would refuse it."""
    desk.bring(desk.case(), "waiting_for_information")
    desk.revoke("zhang")
    desk.run()
    assert (desk.case().state, desk.case().paused_at) == ("converged", None)
