"""The second official: the evidence comes before the opinion, nobody decides their own proposal, and approvals apply at once."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from codes.effective import effective_code
from codes.models import Ruling, Suppression
from codes.review.cases.queue import CaseFilter
from codes.review.proposals import bulk_rulings, rulings, suppressions
from regions.refusals import Refused
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import EVIDENCE, Desk

At = Callable[[str], Visitor]
APPROVE = {"outcome": "approve", "go": "stay"}
REFUSE = {"outcome": "refuse", "reason_code": "evidence_thin", "note": "请补充", "go": "stay"}


def wrong_record(desk: Desk, by: str = "li") -> Suppression:
    return suppressions.propose_suppression(
        fact_id=desk.fact().pk,
        reason_code="wrong_person",
        evidence=EVIDENCE,
        by=by,
        now=desk.now,
        case_id=desk.case().pk,
    )


def test_only_approvers_see_approvals(desk: Desk, at_work: At) -> None:
    ruling = desk.propose()
    for path in ("", f"rulings/{ruling.pk}/", "together/", "records/1/"):
        assert at_work("li").get(f"/staff/approvals/{path}").status_code == 403, path
        assert at_work("sun").get(f"/staff/approvals/{path}").status_code == 403, path
    wang = at_work("wang")
    for path in (
        "rulings/999/",
        "records/999/",
        "together/?by=li&at=nonsense",
        "together/?by=li&at=9999-12-31T23:59:59-14:00",
        "together/",
        "?kind=nonsense",
    ):
        assert wang.get(f"/staff/approvals/{path}").status_code == 404, path
    for path in ("rulings/999/end/", "records/999/end/"):
        assert wang.post(f"/staff/approvals/{path}", APPROVE).status_code == 404, path


def test_evidence_stands_before_the_opinion_and_costs_few_questions(desk: Desk, at_work: At) -> None:
    ruling = desk.propose()
    wang = at_work("wang")
    with at_most(12):
        listed = wang.read("/staff/approvals/")
    assert f"/staff/approvals/rulings/{ruling.pk}/" in listed
    assert 'data-state="green"' not in listed
    assert "记录并非本人" not in listed
    with at_most(12):
        page = wang.read(f"/staff/approvals/rulings/{ruling.pk}/")
    assert page.index("2026-17") < page.index("<details", page.index("<main")) < page.index("记录并非本人")
    assert "<details open" not in page


def test_tabs_say_what_waits_behind_them(desk: Desk, at_work: At) -> None:
    wrong_record(desk)
    for name in ("zhang", "chen"):
        desk.propose(name)
    wang = at_work("wang")
    for kind in ("rulings", "records", "ends", "settings"):
        with at_most(12):
            page = wang.read(f"/staff/approvals/?kind={kind}")
        assert [tab in page for tab in ("颜色 · 2", "记录有误 · 1", "提前终止 · ")] == [True, True, False]


def test_an_approval_is_in_force_at_once(desk: Desk, at_work: At) -> None:
    ruling = desk.propose()
    at_work("wang").post(f"/staff/approvals/rulings/{ruling.pk}/", APPROVE)
    ruling.refresh_from_db()
    assert (ruling.state, ruling.decided_by) == ("approved", "wang")
    assert effective_code(ruling.citizen_id, now=desk.now).because == "ruling"
    late = at_work("zhao").post(f"/staff/approvals/rulings/{ruling.pk}/", APPROVE)
    assert late.status_code == 409


def test_a_refusal_needs_its_reason_and_leads_to_the_next(desk: Desk, at_work: At) -> None:
    first, second = desk.propose(), desk.propose("chen")
    wang = at_work("wang")
    mute = wang.post(f"/staff/approvals/rulings/{first.pk}/", {"outcome": "refuse"})
    assert mute.status_code == 422
    assert "<details open" in mute.content.decode()
    onwards = wang.post(f"/staff/approvals/rulings/{first.pk}/", {**REFUSE, "go": "next"})
    assert onwards.headers["Location"] == f"/staff/approvals/rulings/{second.pk}/"
    first.refresh_from_db()
    assert (first.state, first.decision_code, first.decision_reason) == ("refused", "evidence_thin", "请补充")
    page = wang.read(f"/staff/approvals/rulings/{first.pk}/")
    assert "依据不足" in page.partition("已退回")[2], "whoever comes later reads why"
    assert "请补充" in page.partition("已退回")[2]
    assert "日零时起失效" in page, "the last day is not one on which it holds"
    assert "依据不足" in at_work("li").read(f"/staff/cases/{desk.case().number}/")


def test_nobody_approves_what_they_proposed(desk: Desk, at_work: At) -> None:
    ruling = desk.propose(by="zhao")
    record = wrong_record(desk, by="zhao")
    zhao = at_work("zhao")
    for path in (f"rulings/{ruling.pk}/", f"records/{record.pk}/"):
        page = zhao.read(f"/staff/approvals/{path}")
        assert "须由另一位审批员审批" in page
        assert 'name="outcome"' not in page
        told = zhao.post(f"/staff/approvals/{path}", APPROVE)
        assert told.status_code == 422
        assert "提出人不能审批本人的提议" in told.content.decode()
    assert Ruling.objects.get().state == Suppression.objects.get().state == "proposed"


def test_a_new_record_stops_an_approval_and_says_so(desk: Desk, at_work: At) -> None:
    ruling = desk.propose()
    desk.tell("zhang", "confirmed_case")
    desk.run()
    told = at_work("wang").post(f"/staff/approvals/rulings/{ruling.pk}/", APPROVE)
    assert "提出后出现了更严重的新记录" in told.content.decode()


def test_a_wrong_record_no_longer_counts_and_its_people_are_judged_again(desk: Desk, at_work: At) -> None:
    proposed = wrong_record(desk)
    wang = at_work("wang")
    assert "police-zhang" in wang.read("/staff/approvals/?kind=records")
    with at_most(13):  # three of them make room for the preview and take it back: two where no test surrounds them
        page = wang.read(f"/staff/approvals/records/{proposed.pk}/")
    assert page.index("谁会转码") < page.index("<details", page.index("<main")) < page.index(">li</span> ·")
    wang.post(f"/staff/approvals/records/{proposed.pk}/", APPROVE)
    proposed.refresh_from_db()
    assert proposed.state == "approved"
    assert effective_code(desk.citizen("zhang").pk, now=desk.now).colour == "green"
    assert desk.case().state == "converged"


def test_a_record_is_found_to_be_right(desk: Desk, at_work: At) -> None:
    proposed = wrong_record(desk)
    at_work("wang").post(f"/staff/approvals/records/{proposed.pk}/", REFUSE)
    proposed.refresh_from_db()
    assert (proposed.state, proposed.decision_code) == ("refused", "evidence_thin")


@pytest.mark.parametrize(("answer", "state"), [("approve", "ended"), ("refuse", "approved")])
def test_early_ends_take_a_second_person(desk: Desk, at_work: At, answer: str, state: str) -> None:
    ruling = desk.approve(desk.propose())
    record = wrong_record_in_force(desk)
    rulings.propose_end(ruling_id=ruling.pk, reason_code="newer_facts", reason="情况有变", by="zhao", now=desk.now)
    suppressions.propose_suppression_end(
        suppression_id=record.pk, reason_code="found_right", reason="属实", by="zhao", now=desk.now
    )
    paths = [f"/staff/approvals/rulings/{ruling.pk}/end/", f"/staff/approvals/records/{record.pk}/end/"]
    zhao, wang = at_work("zhao"), at_work("wang")
    assert 'value="approve"' not in zhao.read("/staff/approvals/?kind=ends")
    assert "情况有变" in wang.read("/staff/approvals/?kind=ends")
    shown = re.search(r'name="proposed_at" value="([^"]+)"', wang.read("/staff/approvals/?kind=ends"))
    assert shown
    of_page = {"proposed_at": shown[1]}
    for path in paths:
        wang.post(path, of_page)
        wang.post(path, {"outcome": answer})
        undecided = (Ruling if path == paths[0] else Suppression).objects.exclude(end_proposed_by="")
        assert undecided.filter(state="approved").exists(), "only a button decides, of a page that showed the proposal"
        zhao.post(path, {"outcome": answer, **of_page})
        assert "提出人不能审批" in zhao.read("/staff/approvals/?kind=ends")
        wang.post(path, {"outcome": answer, **of_page})
    ruling.refresh_from_db()
    record.refresh_from_db()
    assert ruling.state == record.state == state
    assert (ruling.end_proposed_by == "") is (answer == "refuse")
    assert ruling.case is not None
    page = wang.read(f"/staff/cases/{ruling.case.number}/")
    assert ("零时起失效" in page) is (answer == "refuse"), "what has ended has no end to come"


def test_an_early_end_proposed_anew_is_not_decided_by_the_page_of_the_first(desk: Desk, at_work: At) -> None:
    ruling = desk.approve(desk.propose())
    first: dict[str, Any] = {"ruling_id": ruling.pk, "by": "li", "now": desk.now}
    rulings.propose_end(**first, reason_code="newer_facts", reason="情况有变")
    Ruling.refuse_end(ruling.pk, by="wang", now=desk.now)
    later = desk.now + timedelta(minutes=1)
    rulings.propose_end(**{**first, "now": later}, reason_code="decided_by_mistake", reason="判断有误")
    path = f"/staff/approvals/rulings/{ruling.pk}/end/"
    wang = at_work("wang")
    for outcome in ("approve", "refuse"):
        answer = wang.post(path, {"outcome": outcome, "proposed_at": desk.now.isoformat()}, follow=True)
        assert "刚刚被他人处理" in answer.content.decode()
        ruling.refresh_from_db()
        assert (ruling.state, ruling.end_code) == ("approved", "decided_by_mistake")
    wang.post(path, {"outcome": "approve", "proposed_at": later.isoformat()})
    ruling.refresh_from_db()
    assert ruling.state == "ended"


def test_who_approves_an_early_end_sees_the_colour_that_follows(desk: Desk, at_work: At) -> None:
    ruling = desk.approve(desk.propose("zhang", "green"))
    rulings.propose_end(ruling_id=ruling.pk, reason_code="newer_facts", reason="情况有变", by="zhao", now=desk.now)
    page = at_work("wang").read("/staff/approvals/?kind=ends")
    after = page.partition("现在终止后，健康码将变为")[2].partition("</p>")[0]
    rulings.approve_end(ruling_id=ruling.pk, by="wang", now=desk.now)
    ended = effective_code(ruling.citizen_id, now=desk.now)
    assert ended.colour == "red"
    assert "红码" in after
    assert "按本市规则" in after


def wrong_record_in_force(desk: Desk) -> Suppression:
    record = suppressions.propose_suppression(
        fact_id=desk.fact("chen").pk, reason_code="duplicate", evidence=EVIDENCE, by="li", now=desk.now
    )
    return suppressions.approve_suppression(suppression_id=record.pk, by="wang", now=desk.now)


def test_what_was_proposed_together_is_approved_together(desk: Desk, at_work: At) -> None:
    bulk_rulings.propose_many(
        chosen=CaseFilter(),
        colour="green",
        reason_code="record_wrong",
        documents=EVIDENCE,
        expires_on=desk.now.date() + timedelta(days=7),
        by="zhao",
        now=desk.now,
    )
    wang, zhao = at_work("wang"), at_work("zhao")
    listed = wang.read("/staff/approvals/")
    assert "3件" in listed
    path = listed.split("together/")[1].split('"')[0].replace("&amp;", "&")
    address = f"/staff/approvals/together/{path}"
    with at_most(18):
        page = wang.read(address)
    assert page.index("2026-17") < page.index("<details", page.index("<main")) < page.index("记录内容有误")
    assert all(f'data-state="{colour}"' in page for colour in ("red", "green"))
    keys = list(Ruling.objects.order_by("pk").values_list("pk", flat=True))
    zhao.post(address, {"shown": keys})
    assert Ruling.objects.filter(state="approved").count() == 0, "approved by their proposer"
    wang.post(address, {"shown": keys[2:]})
    assert list(Ruling.objects.filter(state="approved").values_list("pk", flat=True)) == keys[2:]
    without = wang.post(address, {"shown": keys, "out": keys[:1]})
    assert (without.status_code, Ruling.objects.waiting().count()) == (422, 2)
    wang.post(address, {"shown": keys, "out": keys[:1], "reason_code": "evidence_thin", "note": "缺原件"})
    assert dict(Ruling.objects.values_list("pk", "state")) == dict(
        zip(keys, ["refused", "approved", "approved"], strict=True)
    )
    taken = Ruling.objects.get(pk=keys[0])
    assert (taken.decided_by, taken.decision_code, taken.decision_reason) == ("wang", "evidence_thin", "缺原件")
    assert taken.case is not None
    assert taken.case.state == "in_review"
    with pytest.raises(Refused):
        desk.approve(Ruling.objects.get(pk=keys[1]))
    assert wang.get(address).status_code == 404


def test_approvers_read_of_a_wrong_record_that_now_names_somebody_else(desk: Desk, at_work: At) -> None:
    wrong = wrong_record(desk)
    earlier: dict[str, Any] = {"suppression_id": wrong.pk, "by": "wang", "now": desk.now - timedelta(hours=3)}
    Suppression.objects.filter(pk=wrong.pk).update(proposed_at=desk.now - timedelta(hours=3))
    suppressions.approve_suppression(**earlier)
    wang = at_work("wang").in_english()
    assert "now names" not in wang.read("/staff/approvals/?kind=ends")
    assert "now name somebody else" not in wang.read("/staff/")
    desk.tell("liu", "confirmed_case", record_id=wrong.record_id)
    assert "now name somebody else" in wang.read("/staff/")
    with at_most(12):
        told = wang.read("/staff/approvals/?kind=ends")
    assert 'it now names <span translate="no">liu</span>' in told
    assert desk.case().number in told
