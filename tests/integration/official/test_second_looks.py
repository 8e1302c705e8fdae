"""A second look in the browser: listed for a colleague, taken on the case page, and not visible to the official who closed the case."""

import pytest

from codes.models import Case
from codes.review.cases import second_looks
from regions.tenancy import current_city
from tests.integration.official.conftest import At
from tests.integration.official.test_case_page import page_of
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

LIST = "/staff/second-looks/"


@pytest.fixture
def closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Case:
    """zhang's case, closed by li alone, with the lot on it."""
    monkeypatch.setattr(current_city(), "second_look_share", 1)
    monkeypatch.setattr(second_looks, "RANDOM", second_looks.RANDOM)
    return desk.bring(desk.case("zhang"), "decided")


def test_a_colleague_finds_it_and_whoever_closed_it_does_not(closed: Case, at_work: At) -> None:
    li, wu = at_work("li"), at_work("wu")
    with at_most(12):
        assert closed.number in wu.read(LIST)
    assert closed.number not in li.read(LIST)
    assert "待复看的同事结案" in wu.read("/staff/")
    with at_most(12):
        assert 'action="' + page_of(closed) + 'second-look/"' in wu.read(page_of(closed))
    assert "复看" not in li.read(page_of(closed))


def test_differing_on_the_page_makes_the_case_ones_own(desk: Desk, closed: Case, at_work: At) -> None:
    wu = at_work("wu")
    address = f"{page_of(closed)}second-look/"
    said = {"outcome": "differs", "note": "", "seen": f"{closed.state}:{closed.assigned_to}"}
    without = wu.post(address, said)
    assert without.status_code == 422
    assert "请说明原因" in without.content.decode() or "理由" in without.content.decode()
    assert wu.post(address, said | {"note": "日期不符"}).status_code == 302
    assert desk.case("zhang").assigned_to == "wu"
    page = wu.read(page_of(closed))
    assert "日期不符" in page
    assert "重新办理：复看意见不同" in page
    assert closed.number not in wu.read(LIST)
    # Whoever closed it hears of it, with the reason, until it is decided again.
    li = at_work("li")
    assert "您结案后经复看重新办理的案件" in li.read("/staff/")
    with at_most(12):
        told = li.read(LIST)
    assert closed.number in told
    assert "日期不符" in told
    citizen = Visitor.signed_in(closed.citizen, now=desk.now)
    message = citizen.read("/messages/")
    assert f"复核{closed.number}重新办理" in message
    assert f'href="/cases/{closed.number}/"' in message
    desk.approve(desk.propose("zhang", by="wu"))
    assert "您结案后经复看重新办理的案件" not in li.read("/staff/")


def test_a_case_opened_again_says_of_when_its_explanation_is(desk: Desk, closed: Case, at_work: At) -> None:
    """The providers agree by now: the columns say so, and what is told above them is of the day when they did not."""
    desk.revoke("zhang")
    desk.run()
    second_looks.take_second_look(case_id=closed.pk, outcome="differs", reason="日期不符", by="wu", now=desk.now)
    assert "以上为2026年11月24日的情况" in at_work("wu").read(page_of(closed))
    assert "以上为" not in at_work("wu").read(page_of(desk.case("chen")))
