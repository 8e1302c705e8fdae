"""Acts on a case page: who is permitted, their results, how they are refused, and what happens if a colleague was faster."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from codes.models import (
    Case,
    CorrectionRequest,
    Evidence,
    InformationRequest,
    PersonAccess,
    Ruling,
    Suppression,
)
from codes.review.appeals import appeals
from codes.review.cases import assign
from codes.review.evidence.files import keep_upload
from codes.review.proposals import suppressions
from regions.journal.models import JournalEntry
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import EVIDENCE, Desk

At = Callable[[str], Visitor]

ACTS = ["take", "release", "complex", "decide", "take-back", "end-ruling", "ask", "drop-question", "correct"]


def to(case: Case, act: str) -> str:
    return f"/staff/cases/{case.number}/{act}/"


def decision(desk: Desk, **changed: object) -> dict[str, object]:
    told = {
        "outcome": "green",
        "reason_code": "wrong_person",
        "keep_code": "",
        "grounds": [f"fact:{desk.fact().pk}"],
        "document": "",
        "expires_on": (desk.now + timedelta(days=10)).date().isoformat(),
        "note": "",
        "go": "stay",
    }
    return {**told, **changed}


def test_approvers_do_no_reviewers_act_and_missing_is_404(desk: Desk, at_work: At) -> None:
    case, wang, li = desk.case(), at_work("wang"), at_work("li")
    for act in ACTS:
        assert wang.post(to(case, act)).status_code == 403, act
        assert li.post(f"/staff/cases/D20200101-000001/{act}/").status_code == 404, act
        assert li.get(to(case, act)).status_code == 405, act
    assert wang.get(f"/staff/cases/{case.number}/records/{desk.fact().pk}/wrong/").status_code == 403
    case.refresh_from_db()
    assert (case.state, case.assigned_to) == ("received", "")


def test_taking_giving_back_and_who_was_quicker(desk: Desk, at_work: At) -> None:
    case, li, wu = desk.case(), at_work("li"), at_work("wu")
    li.post(to(case, "take"), {"assignee": ""})
    case.refresh_from_db()
    assert case.assigned_to == "li"
    late = wu.post(to(case, "take"), {"assignee": ""})
    assert late.status_code == 409
    assert to(case, "take").removesuffix("take/") in late.content.decode()
    wu.post(to(case, "take"), {"assignee": "li"})
    li.post(to(case, "release"))
    case.refresh_from_db()
    assert case.assigned_to == "wu"
    wu.post(to(case, "release"))
    case.refresh_from_db()
    assert (case.state, case.assigned_to) == ("received", "")


def test_proposing_with_a_file_and_going_on(desk: Desk, at_work: At, picture: bytes) -> None:
    case, li = desk.case(), at_work("li")
    sent = decision(desk, go="next", upload=SimpleUploadedFile("票.jpg", picture), document="2026-17")
    response = li.post(to(case, "decide") + "?kind=disagreement", sent)
    ruling = Ruling.objects.get()
    assert ruling.evidence == [f"fact:{desk.fact().pk}", "document:2026-17", f"file:{Evidence.objects.get().pk}"]
    assert (ruling.colour, ruling.proposed_by, ruling.state) == ("green", "li", "proposed")
    assert response.headers["Location"].endswith("?kind=disagreement")
    assert case.number not in response.headers["Location"]
    onwards = li.read(response.headers["Location"])
    assert '<option value="wrong_person" selected>' in onwards, "cases of one cause are decided alike"
    page = li.read(to(case, "decide").removesuffix("decide/"))
    assert "撤回提议" in page
    li.post(to(case, "take-back"))
    ruling.refresh_from_db()
    assert ruling.state == "withdrawn"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"outcome": ""}, "请选择"),
        ({"reason_code": "owner_confirmed"}, "该理由不支持所选结论"),
        ({"grounds": []}, "请至少附上一份材料"),
        ({"expires_on": "2030-01-01"}, "失效日期须在明天至30天之内"),
        ({"upload": SimpleUploadedFile("a.jpg", b"GIF89a")}, "仅支持JPEG"),
    ],
)
def test_a_refusal_says_what_to_do_and_keeps_what_was_written(
    desk: Desk, at_work: At, changed: dict[str, object], told: str
) -> None:
    response = at_work("li").post(to(desk.case(), "decide"), decision(desk, note="我写的话", **changed))
    assert response.status_code == 422
    page = response.content.decode()
    assert told in page
    assert "我写的话" in page
    assert not Ruling.objects.exists()
    assert not Evidence.objects.exists()


def test_a_decision_about_what_one_did_not_see_is_the_conflict_page(desk: Desk, at_work: At) -> None:
    case = desk.case()
    assign.take_over(case_id=case.pk, assignee="", by="wu", now=desk.now)
    response = at_work("li").post(to(case, "decide"), decision(desk, seen="received:"))
    assert response.status_code == 409
    held = at_work("li").post(to(case, "decide"), decision(desk))
    assert held.status_code == 422
    assert "请先接手" in held.content.decode()
    assert not Ruling.objects.exists()


def test_leaving_the_colour_and_denying_an_appeal(desk: Desk, at_work: At) -> None:
    li, case = at_work("li"), desk.case()
    li.post(to(case, "decide"), decision(desk, outcome="keep", keep_code="mends_itself"))
    case.refresh_from_db()
    assert (case.state, case.outcome) == ("decided", "mends_itself")
    desk.appeal("chen")
    appeal = desk.case("chen", "appeal")
    mute = li.post(to(appeal, "decide"), decision(desk, outcome="keep", keep_code="record_confirmed", grounds=[]))
    assert "请写明理由" in mute.content.decode()
    answered = decision(desk, outcome="keep", keep_code="record_confirmed", grounds=[], note="经核实属实")
    li.post(to(appeal, "decide"), answered)
    appeal.refresh_from_db()
    assert (appeal.state, appeal.answer) == ("denied", "经核实属实")


def test_questions_stop_the_clock_and_more_time_is_given_once(desk: Desk, at_work: At) -> None:
    li, case = at_work("li"), desk.case()
    assert li.post(to(case, "ask"), {"note": ""}).status_code == 422
    li.post(to(case, "ask"), {"note": "请提供车票"})
    case.refresh_from_db()
    assert case.paused_at is not None
    page = li.read(f"/staff/cases/{case.number}/")
    assert "请提供车票" in page
    li.post(to(case, "drop-question"))
    assert InformationRequest.objects.get().state == "dropped"
    due = Case.objects.get(pk=case.pk).due_at
    li.post(to(case, "complex"), {"note": "需异地核实"})
    assert Case.objects.get(pk=case.pk).due_at > due
    assert "时限不再延长" in li.post(to(case, "complex"), {"note": "再来"}).content.decode()


def test_a_correction_is_sent_and_its_answer_entered(desk: Desk, at_work: At) -> None:
    li, case = at_work("li"), desk.case()
    li.post(to(case, "correct"), {"fact": f"{desk.fact().pk}", "sent_to": "市公安局", "note": "日期有误"})
    asked = CorrectionRequest.objects.get()
    assert (asked.sent_to, asked.text) == ("市公安局", "日期有误")
    page = li.read(f"/staff/cases/{case.number}/")
    assert f'<option value="{desk.fact().pk}">' not in page, "nobody writes what would be refused"
    section = page.partition("日期有误")[0].rpartition("<article>")[2]
    assert "时空伴随" in section
    assert desk.fact().record_id in section
    again = li.post(to(case, "correct"), {"fact": f"{desk.fact().pk}", "sent_to": "市公安局", "note": "再问"})
    assert "请等待答复" in again.content.decode()
    other = desk.case("chen")
    foreign = li.post(f"/staff/cases/{other.number}/correct/{asked.pk}/", {"answer": "upheld"})
    assert foreign.status_code == 404
    li.post(f"/staff/cases/{case.number}/correct/{asked.pk}/", {"answer": "upheld", "note": "属实"})
    asked.refresh_from_db()
    assert (asked.answer, asked.answer_text) == ("upheld", "属实")


def test_a_wrong_record_is_proposed_after_its_effect_was_seen(desk: Desk, at_work: At) -> None:
    li, case, fact = at_work("li"), desk.case(), desk.fact()
    path = f"/staff/cases/{case.number}/records/{fact.pk}/wrong/"
    page = li.read(path)
    assert "谁会转码" in page
    assert page.index("谁会转码") < page.index('name="reason_code"')
    assert 'data-state="red"' in page
    assert 'data-state="green"' in page
    assert not Suppression.objects.exists()
    assert li.post(path, {"reason_code": "wrong_person"}).status_code == 422
    li.post(path, {"reason_code": "wrong_person", "document": "2026-17", "note": "同名"})
    proposed = Suppression.objects.get()
    assert (proposed.state, proposed.case_id, proposed.evidence) == ("proposed", case.pk, list(EVIDENCE))
    assert "已提出有误" in li.read(f"/staff/cases/{case.number}/")
    wrong = f"/staff/cases/{case.number}/wrong/{proposed.pk}"
    assert at_work("wu").post(f"{wrong}/take-back/").status_code == 302
    proposed.refresh_from_db()
    assert proposed.state == "proposed"
    li.post(f"{wrong}/take-back/")
    proposed.refresh_from_db()
    assert proposed.state == "withdrawn"
    assert li.get(f"/staff/cases/{desk.case('chen').number}/records/{fact.pk}/wrong/").status_code == 404


def test_early_ends_are_proposed_from_the_case(desk: Desk, at_work: At) -> None:
    li, case, fact = at_work("li"), desk.case(), desk.fact()
    desk.approve(desk.propose())
    assert li.post(to(case, "end-ruling"), {"note": ""}).status_code == 422
    assert li.post(to(case, "end-ruling"), {"note": "情况有变"}).status_code == 422
    li.post(to(case, "end-ruling"), {"note": "情况有变", "reason_code": "newer_facts"})
    assert Ruling.objects.get().end_proposed_by == "li"
    wrong = suppressions.propose_suppression(
        fact_id=fact.pk, reason_code="duplicate", evidence=EVIDENCE, by="li", now=desk.now
    )
    suppressions.approve_suppression(suppression_id=wrong.pk, by="wang", now=desk.now)
    assert "应恢复计入" in li.read(f"/staff/cases/{case.number}/")
    li.post(f"/staff/cases/{case.number}/wrong/{wrong.pk}/end/", {"note": "属实", "reason_code": "found_right"})
    wrong.refresh_from_db()
    assert wrong.end_proposed_by == "li"


def test_who_it_is_takes_a_purpose_and_is_told_to_the_citizen(desk: Desk, at_work: At) -> None:
    case = desk.case()
    for name in ("li", "wang"):
        person = at_work(name)
        assert "zhang小三" not in person.read(f"/staff/cases/{case.number}/")
        mute = person.post(to(case, "reveal"), {"purpose": " "})
        assert mute.status_code == 422
        assert "zhang小三" not in mute.content.decode()
        shown = person.post(to(case, "reveal"), {"purpose": "核对身份"})
        assert "zhang小三" in shown.content.decode()
        assert "no-store" in shown.headers["Cache-Control"]
        assert PersonAccess.objects.get(by=name).purpose == "核对身份"
    assert JournalEntry.objects.filter(verb="person.seen").count() == 2


def test_evidence_is_an_attachment_and_reading_it_is_logged(desk: Desk, at_work: At, picture: bytes) -> None:
    zhang = desk.citizen("zhang")
    desk.appeal("zhang")
    case = desk.case("zhang", "appeal")
    kept = keep_upload(citizen=zhang, content=picture, original_name="票.jpg", by="citizen:zhang", now=desk.now)
    Evidence.objects.filter(pk=kept.pk).update(case=case)
    file = at_work("li").get(f"/staff/cases/{case.number}/files/{kept.pk}/")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert PersonAccess.objects.get().what == f"evidence:{kept.pk}"
    assert at_work("li").get(f"/staff/cases/{desk.case().number}/files/{kept.pk}/").status_code == 404


def test_next_and_before_walk_the_queue_and_end_at_it(desk: Desk, at_work: At) -> None:
    li = at_work("li")
    ordered = list(Case.objects.order_by("due_at", "pk").values_list("number", flat=True))
    walked = [ordered[0]]
    while True:
        there = li.get(f"/staff/cases/{walked[-1]}/next/?severity=").headers["Location"]
        if "/cases/" not in there:
            break
        walked.append(there.split("/")[3])
    assert walked == ordered
    assert there == "/staff/queue/"
    back = li.get(f"/staff/cases/{ordered[1]}/next/?way=back").headers["Location"]
    assert ordered[0] in back


def test_looking_stops_the_first_clock_once(desk: Desk, at_work: At) -> None:
    case = desk.case()
    at_work("wang").post(to(case, "look"))
    case.refresh_from_db()
    assert case.first_looked_at == desk.now
    assert "记为已查看" not in at_work("wang").read(f"/staff/cases/{case.number}/")


def test_what_the_citizen_objects_is_there_for_whoever_looks_next(desk: Desk, at_work: At) -> None:
    desk.appeal("zhang")
    case = desk.bring(desk.case("zhang", "appeal"), "denied")
    appeals.log_disagreement(case_id=case.pk, text="我不同意", by="citizen:zhang", now=desk.now)
    assert "我不同意" in at_work("wu").read(f"/staff/cases/{case.number}/")


def test_a_proposal_lost_to_another_one_at_the_same_moment_is_a_conflict(
    desk: Desk, at_work: At, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Both requests have found that nothing waits; the database takes the first."""
    desk.case()
    desk.propose()
    monkeypatch.setattr(type(Ruling.objects), "waiting", lambda found: found.none())
    Case.objects.update(state="in_review")
    answer = at_work("li").post(to(desk.case(), "decide"), decision(desk))
    assert answer.status_code == 409
    assert "刚刚" in answer.content.decode()
    assert Ruling.objects.count() == 1
    assert "refused by the constraint one_proposed_ruling_per_citizen" in caplog.text


def test_a_proposal_that_waits_is_not_proposed_again(desk: Desk, at_work: At) -> None:
    case = desk.case()
    desk.propose()
    response = at_work("li").post(to(case, "decide"), decision(desk))
    assert "当前状态下不能进行此操作" in response.content.decode()
    assert Ruling.objects.find(Ruling.objects.get().pk).proposed_by == "li"
