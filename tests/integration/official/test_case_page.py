"""The case page: what differs is marked, only what one may do is offered, and reading it takes few questions."""

from collections.abc import Callable

import pytest

from codes.models import Case
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

At = Callable[[str], Visitor]


def page_of(case: Case) -> str:
    return f"/staff/cases/{case.number}/"


def test_the_differing_record_is_marked_in_its_column_and_missing_in_the_other(desk: Desk, at_work: At) -> None:
    page = at_work("li").read(page_of(desk.case()))
    alipay, wechat = page.split("<article>")[1:3]
    assert "<mark>没有此记录：时空伴随</mark>" in alipay
    assert "<mark>时空伴随" in wechat


@pytest.mark.parametrize("state", ["received", "in_review", "waiting_for_information", "proposed", "decided"])
def test_few_questions_in_every_state(desk: Desk, at_work: At, state: str) -> None:
    case = desk.bring(desk.case(), state)
    person = at_work("li")
    with at_most(12):
        person.read(page_of(case))


def test_a_free_case_offers_a_reviewer_everything(desk: Desk, at_work: At) -> None:
    page = at_work("li").read(page_of(desk.case()))
    for act in ("take", "look", "decide", "ask", "correct", "complex", "reveal"):
        assert f'/{act}/"' in page, act
    assert "release" not in page


def test_a_colleagues_case_is_taken_over_first(desk: Desk, at_work: At) -> None:
    case = desk.bring(desk.case(), "in_review")
    page = at_work("wu").read(page_of(case))
    assert "li" in page
    assert "接手" in page
    assert "/decide/" not in page


def test_an_approver_is_offered_no_reviewers_act(desk: Desk, at_work: At) -> None:
    page = at_work("wang").read(page_of(desk.case()))
    for act in ("take", "decide", "ask", "correct", "complex", "wrong"):
        assert f'/{act}/"' not in page, act


def test_a_closed_case_offers_nothing_to_decide(desk: Desk, at_work: At) -> None:
    page = at_work("li").read(page_of(desk.bring(desk.case(), "decided")))
    for act in ("take", "decide", "ask", "correct", "complex"):
        assert f'/{act}/"' not in page, act


def test_the_appeal_with_its_words_is_on_the_page(desk: Desk, at_work: At) -> None:
    desk.appeal("zhang", text="我那天在家")
    page = at_work("li").read(page_of(desk.case("zhang", "appeal")))
    assert "我那天在家" in page
    assert "不予支持" in page


def test_a_missing_case_is_the_plain_404(desk: Desk, at_work: At) -> None:
    for number in ("D20200101-000001", "%00", "D2020%27"):
        assert at_work("li").get(f"/staff/cases/{number}/").status_code == 404, number


def test_english_is_complete(desk: Desk, at_work: At) -> None:
    page = at_work("li").in_english().read(page_of(desk.case()))
    assert "Save and next" in page
    assert "Not here: " in page
