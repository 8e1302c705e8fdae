"""Appeals: at most six pages, evidence that fits the reason, a timeline, withdrawal within ten minutes, and objections."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.formats import date_format

from codes.models import Appeal, Case, Evidence, InformationRequest
from codes.review import information
from codes.review.cases import assign
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]


@pytest.fixture
def zhang(desk: Desk, visitor: Opens) -> Visitor:
    return visitor("zhang")


def choose(person: Visitor, desk: Desk, reason: str) -> str:
    """Record and reason; where the next page is."""
    fact = desk.fact("zhang")
    person.post("/appeal/", {"target": f"wechat.R2.{fact.pk}"})
    return person.post("/appeal/reason/", {"reason": reason}).headers["Location"]


def upload(person: Visitor, content: bytes, name: str = "车票.jpg") -> str:
    file = SimpleUploadedFile(name, content, content_type="image/jpeg")
    return person.post("/appeal/evidence/", {"act": "add", "file": file}).content.decode()


def test_from_the_code_to_the_number(zhang: Visitor, desk: Desk, picture: bytes) -> None:
    assert 'href="/appeal/"' in zhang.read("/code/")
    assert "时空伴随" in zhang.read("/appeal/")
    assert choose(zhang, desk, "not_there") == "/appeal/evidence/"
    assert "当时在别处的证明" in zhang.read("/appeal/evidence/")
    assert upload(zhang, picture) == ""
    zhang.post("/appeal/words/", {"text": "我那天在家"})
    check = zhang.read("/appeal/check/")
    assert "当时不在那里" in check
    assert "1个文件" in check
    done = zhang.post("/appeal/check/").headers["Location"]
    appeal = Appeal.objects.select_related("case").get()
    assert done == f"/appeal/done/{appeal.case.number}/"
    assert (appeal.reason_code, appeal.text, appeal.filed_by) == ("not_there", "我那天在家", "citizen:zhang")
    assert Evidence.objects.get().case == appeal.case
    page = zhang.read(done)
    assert appeal.case.number in page
    assert "接下来" in page
    assert appeal.case.number in zhang.read("/code/")


def test_whoever_appeals_reads_that_another_city_is_asked(zhang: Visitor, desk: Desk) -> None:
    for detail, told in (({}, False), ({"issued_by": "500000"}, True)):
        desk.tell("zhang", "spacetime_overlap", record_id="police-zhang", detail=detail)
        desk.run()
        choose(zhang, desk, "providers_differ")
        zhang.post("/appeal/words/", {"text": ""})
        assert ("会一并发给重庆市" in zhang.read("/appeal/check/")) is told


def test_reasons_that_cannot_apply_to_the_record_are_not_offered(zhang: Visitor, desk: Desk) -> None:
    fact = desk.fact("zhang")
    zhang.post("/appeal/", {"target": f"wechat.R2.{fact.pk}"})
    page = zhang.read("/appeal/reason/")
    offered = re.findall(r'name="reason" value="(\w+)"', page)
    assert offered == ["not_me", "not_there", "wrong_dates", "providers_differ", "other"], "no test ends what R2 holds"


def test_a_reason_without_evidence_skips_the_page(zhang: Visitor, desk: Desk) -> None:
    assert choose(zhang, desk, "providers_differ") == "/appeal/words/"


def test_evidence_is_asked_for_before_anything_is_sent(zhang: Visitor, desk: Desk) -> None:
    choose(zhang, desk, "not_me")
    zhang.post("/appeal/words/", {"text": ""})
    page = zhang.post("/appeal/check/").content.decode()
    assert "该理由需要附上材料" in page
    assert not Appeal.objects.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "文件为空"), (b"<html>", "仅支持"), (b"\xff\xd8\xff\xe0 broken", "已损坏"), (b"GIF89a", "仅支持")],
)
def test_a_bad_file_is_told_at_once(zhang: Visitor, desk: Desk, content: bytes, told: str) -> None:
    choose(zhang, desk, "not_there")
    page = upload(zhang, content)
    assert told in page or "仅支持" in page
    assert not Evidence.objects.exists()


def test_a_file_can_be_taken_away_but_not_somebody_elses(
    zhang: Visitor, desk: Desk, visitor: Opens, picture: bytes
) -> None:
    choose(zhang, desk, "not_there")
    upload(zhang, picture)
    kept = Evidence.objects.get()
    assert visitor("chen").post("/appeal/evidence/", {"act": f"drop-{kept.pk}"}).status_code in (302, 404)
    assert Evidence.objects.exists()
    zhang.post("/appeal/evidence/", {"act": f"drop-{kept.pk}"})
    assert not Evidence.objects.exists()


def test_who_cannot_appeal_is_told_at_once_what_else_to_do(visitor: Opens) -> None:
    page = visitor("liu").read("/appeal/")
    assert "此码不能申诉" in page
    assert "密接判定由作出判定的疾控机构负责" in page
    assert "<form class" not in page


def test_a_second_appeal_leads_to_the_first(zhang: Visitor, desk: Desk) -> None:
    number = desk.appeal("zhang").number
    assert f"/cases/{number}/" in zhang.read("/appeal/")


def test_the_matter_is_followed_on_a_timeline(zhang: Visitor, desk: Desk) -> None:
    number = desk.appeal("zhang").number
    with at_most(12):
        page = zhang.read(f"/cases/{number}/")
    assert "提交申诉" in page
    assert 'data-step="ahead"' in page
    assert "作出决定，并在此答复您" in page
    assert "两名工作人员作出决定" not in page, "one may deny an appeal alone"
    desk.bring(desk.case("zhang", "appeal"), "in_review")
    assert ">li<" not in zhang.read(f"/cases/{number}/")


def test_the_latest_stands_on_top_of_every_timeline(zhang: Visitor, desk: Desk) -> None:
    """For the citizen what is still to come above it; for the officials the same case the same way round."""
    desk.appeal("zhang")
    case = desk.case("zhang", "appeal")
    assign.take_over(case_id=case.pk, by="li", now=desk.now + timedelta(minutes=5), assignee="")
    information.ask(case_id=case.pk, question="请提供车票", by="li", now=desk.now + timedelta(minutes=10))
    information.answer(
        request_id=InformationRequest.objects.get(case=case).pk, text="见附件", by="citizen:zhang",
        now=desk.now + timedelta(minutes=20),
    )  # fmt: skip
    official = Visitor.as_account("li", now=desk.now)
    for page in (zhang.read(f"/cases/{case.number}/"), official.read(f"/staff/cases/{case.number}/")):
        timeline = page.split('class="timeline"')[1].split("</ol>")[0]
        told = [datetime.fromisoformat(at) for at in re.findall(r'datetime="([^"]+)"', timeline)]
        assert len(told) >= 3
        assert told == sorted(told, reverse=True)


def test_within_ten_minutes_it_can_be_withdrawn(zhang: Visitor, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    number = desk.appeal("zhang").number
    monkeypatch.setattr("django.utils.timezone.now", lambda: desk.now + timedelta(minutes=9))
    assert "撤回申诉" in zhang.read(f"/cases/{number}/")
    assert "接下来" in zhang.read(f"/appeal/done/{number}/")
    zhang.post(f"/cases/{number}/withdraw/")
    assert Case.objects.get(number=number).state == "withdrawn"
    # Back leads to the confirmation, which would promise an answer.
    assert zhang.get(f"/appeal/done/{number}/").headers["Location"] == f"/cases/{number}/"


def test_after_ten_minutes_it_cannot(zhang: Visitor, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    number = desk.appeal("zhang").number
    monkeypatch.setattr("django.utils.timezone.now", lambda: desk.now + timedelta(minutes=11))
    assert "撤回申诉" not in zhang.read(f"/cases/{number}/")
    zhang.post(f"/cases/{number}/withdraw/")
    assert Case.objects.get(number=number).state == "received"
    assert "不能撤回" in zhang.read(f"/cases/{number}/")


def test_a_question_is_answered_with_a_file(zhang: Visitor, desk: Desk, picture: bytes) -> None:
    number = desk.appeal("zhang").number
    case = desk.case("zhang", "appeal")
    information.ask(case_id=case.pk, question="请提供车票", by="li", now=desk.now)
    assert "请提供车票" in zhang.read(f"/cases/{number}/")
    file = SimpleUploadedFile("a.jpg", picture)
    zhang.post(f"/cases/{number}/answer/", {"act": "add", "file": file})
    zhang.post(f"/cases/{number}/answer/", {"text": "见附件"})
    case.refresh_from_db()
    assert case.state == "in_review"
    assert Evidence.objects.get().case_id == case.pk
    page = zhang.read(f"/cases/{number}/")
    due = date_format(timezone.localtime(case.due_at), "DATETIME_FORMAT")
    assert f"最迟于{due}在此答复您" in page, "says that it has arrived, and what happens when"
    page = zhang.read(f"/cases/{number}/")
    assert "您的答复已收到" not in page
    assert "请提供车票" in page, "what was asked and answered stays to be read"
    assert "见附件" in page
    assert due in page


def test_a_denial_is_answered_and_can_be_objected_to(zhang: Visitor, desk: Desk) -> None:
    number = desk.appeal("zhang").number
    desk.bring(desk.case("zhang", "appeal"), "denied")
    page = zhang.read(f"/cases/{number}/")
    assert "记录属实" in page
    assert "对结果有异议" in page
    assert zhang.post(f"/cases/{number}/object/", {"text": ""}).status_code == 422
    zhang.post(f"/cases/{number}/object/", {"text": "我不同意"})
    assert "我不同意" in zhang.read(f"/cases/{number}/")
    assert Case.objects.get(number=number).state == "disagreement_logged"


def test_an_accepted_appeal_turns_the_code_green_at_once(zhang: Visitor, desk: Desk) -> None:
    number = desk.appeal("zhang").number
    desk.bring(desk.case("zhang", "appeal"), "accepted")
    assert 'class="face" data-state="green"' in zhang.read("/code/")
    assert "申诉成立" in zhang.read(f"/cases/{number}/")
