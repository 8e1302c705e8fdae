"""The queue: filters, deadlines in words, reassignment, and bulk acts on a filter that state their number first."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from codes.models import Case, Ruling
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

At = Callable[[str], Visitor]


def numbers(page: str) -> set[str]:
    return {part.split('"')[0] for part in page.split('name="case" value="')[1:]}


def test_it_costs_few_questions_and_says_clocks_in_words(desk: Desk, at_work: At) -> None:
    desk.appeal("zhang")
    li = at_work("li")
    with at_most(12):
        page = li.read("/staff/queue/")
    assert numbers(page) == set(Case.objects.values_list("number", flat=True))
    assert "还剩" in page
    assert "首次查看：" in page


def test_the_row_says_the_cause_and_the_list_its_total_in_the_order_asked_for(desk: Desk, at_work: At) -> None:
    li = at_work("li")
    Case.objects.filter(citizen__ref="chen").update(opened_at=desk.now - timedelta(days=3))
    page = li.read("/staff/queue/?order=oldest")
    assert "3件未结案件" in page
    assert page.count("<td>数据来源记录不同</td>") == 3
    oldest = page.split('name="case" value="')[1].split('"')[0]
    assert oldest == desk.case("chen").number
    assert li.read("/staff/queue/?order=newest").split('name="case" value="')[-1].split('"')[0] == oldest
    assert li.get(f"/staff/cases/{oldest}/next/?order=newest").headers["Location"] == "/staff/queue/?order=newest"


def test_the_filters_narrow_and_travel_to_the_case(desk: Desk, at_work: At) -> None:
    desk.appeal("zhang")
    mine = desk.bring(desk.case("chen"), "in_review").number
    li = at_work("li")
    assert numbers(li.read("/staff/queue/?assignee=li")) == {mine}
    assert mine not in numbers(li.read("/staff/queue/?assignee=-"))
    assert numbers(li.read("/staff/queue/?kind=appeal")) == {desk.case("zhang", "appeal").number}
    assert numbers(li.read("/staff/queue/?state=in_review")) == {mine}
    assert mine in numbers(li.read("/staff/queue/?severity=yellow"))
    assert "没有待办案件" in li.read("/staff/queue/?overdue=1") or not numbers(li.read("/staff/queue/?overdue=1"))
    assert f"/staff/cases/{mine}/?assignee=li" in li.read("/staff/queue/?assignee=li")
    assert "/decide/?assignee=li" in li.read(f"/staff/cases/{mine}/?assignee=li")


def test_ticked_cases_are_given_to_a_reviewer(desk: Desk, at_work: At) -> None:
    ticked = [desk.case("zhang").number, desk.case("chen").number]
    wang = at_work("wang")
    assert "请先勾选" in wang.post("/staff/queue/assign/", {"to": "li"}, follow=True).content.decode()
    told = wang.post("/staff/queue/assign/", {"case": ticked, "to": "wang"}, follow=True).content.decode()
    assert "只能分派给本市在岗的复核员" in told
    wang.post("/staff/queue/assign/?kind=disagreement", {"case": ticked, "to": "wu"})
    assert set(Case.objects.filter(assigned_to="wu").values_list("number", flat=True)) == set(ticked)
    assert at_work("sun").post("/staff/queue/assign/", {"case": ticked, "to": "wu"}).status_code == 403


def test_all_of_a_filter_is_assigned_after_its_number_was_said(desk: Desk, at_work: At) -> None:
    wang = at_work("wang")
    with at_most(12):
        page = wang.read("/staff/queue/assign-all/?severity=red")
    assert "分派2件" in page
    stale = wang.post("/staff/queue/assign-all/?severity=red", {"to": "wu", "count": 3})
    assert stale.status_code == 422
    assert "现为2件" in stale.content.decode()
    assert 'value="2"' in stale.content.decode()
    wang.post("/staff/queue/assign-all/?severity=red", {"to": "wu", "count": 2})
    assert set(Case.objects.values_list("severity", "assigned_to")) == {("red", "wu"), ("yellow", "")}
    assert at_work("sun").get("/staff/queue/assign-all/").status_code == 403


def test_one_decision_is_proposed_for_those_who_are_alike_in_what_the_page_shows(desk: Desk, at_work: At) -> None:
    """zhang and liu are red with wechat, chen is yellow: two lines, of which one is ticked."""
    li, address = at_work("li"), "/staff/queue/propose-all/?cause=source"
    assert at_work("wang").get(address).status_code == 403
    with at_most(12):
        page = li.read(address)
    assert "其中3件可以一并决定" in page
    assert 'name="outcome" value="red"' not in page
    alike = re.findall(r'name="alike" value="(\w+)"', page)
    assert len(alike) == 2  # the most people first
    told = {
        "count": 3,
        "alike": alike[:1],
        "outcome": "green",
        "reason_code": "record_wrong",
        "document": "2026-18",
        "expires_on": (desk.now + timedelta(days=7)).date().isoformat(),
    }
    wrongs: list[dict[str, Any]] = [
        {"outcome": "red"},
        {"document": ""},
        {"alike": []},
        {"alike": ["other"]},
        {"count": 2},
    ]
    for wrong in wrongs:
        assert li.post(address, {**told, **wrong}).status_code == 422, wrong
    again = li.post(address, {**told, "count": 2, "alike": alike}).content.decode()
    assert len(re.findall(r'name="alike" value="\w+"[^>]* checked', again)) == 2, "another number unticks nothing"
    answer = li.post(address, told, follow=True).content.decode()
    assert "已提出2件" in answer
    assert "其余1件未提出：未勾选，或须逐件查看。" in answer
    proposed = Ruling.objects.filter(state="proposed", evidence=["document:2026-18"])
    assert set(proposed.values_list("citizen__ref", flat=True)) == {"zhang", "liu"}
    page = li.read(address)
    assert "其中1件可以一并决定" in page
    assert "另有2件须单独决定" in page


def test_bad_page_tokens_and_filters_are_no_error(desk: Desk, at_work: At) -> None:
    li = at_work("li")
    assert numbers(li.read("/staff/queue/?after=nonsense"))
    assert not numbers(li.read("/staff/queue/?kind=nonsense&provider=x&group=y"))
    assert li.get("/staff/queue/?assignee=%00").status_code in (200, 400)
