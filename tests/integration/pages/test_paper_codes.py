"""Paper codes: created by a button and never by viewing, looked up live at the gate, withdrawn by whoever may show them."""

from collections.abc import Callable

import pytest

from codes.gates.check import check_pass
from codes.models import PaperPass
from codes.passes.paper import PAPER_PREFIX
from codes.passes.results import CheckResult
from portal.web.qr import qr_svg
from tests.integration.lines import ANNA, BERT
from tests.integration.pages.matrix_cast import guardian_of_chen
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]
SYMBOL = 'class="qr"'


@pytest.fixture
def zhang(desk: Desk, visitor: Opens) -> Visitor:
    return visitor("zhang")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the printed codes say to a scanner, the newest last."""
    texts: list[str] = []

    def draw(text: str, title: str) -> str:
        texts.append(text)
        return qr_svg(text, title)

    monkeypatch.setattr("portal.citizen.code.paper.qr_svg", draw)
    return texts


def at_the_gate(token: str, desk: Desk) -> tuple[CheckResult, str]:
    checked = check_pass(token, by="gate:1", now=desk.now)
    return checked.result, checked.colour


def test_looking_makes_none_and_the_button_one_that_is_shown_once(zhang: Visitor, desk: Desk, drawn: list[str]) -> None:
    assert SYMBOL not in zhang.read("/paper/")
    assert not PaperPass.objects.exists()
    page = zhang.post("/paper/").content.decode()
    assert page.count(SYMBOL) == 2, "for a wall and for the wallet"
    assert "2027年11月24日" in page
    for secret in (BERT, desk.citizen("zhang").full_name, "红码"):
        assert secret not in page
    (token,) = drawn
    assert token.startswith(PAPER_PREFIX)
    assert at_the_gate(token, desk) == (CheckResult.OK, "red")
    desk.approve(desk.propose())
    assert at_the_gate(token, desk) == (CheckResult.OK, "green"), "the colour of that moment"
    again = zhang.read("/paper/")
    assert SYMBOL not in again
    assert "2027年11月24日" in again
    assert PaperPass.objects.count() == 1


def test_one_is_withdrawn_by_its_holder_and_nobody_else(
    zhang: Visitor, visitor: Opens, desk: Desk, drawn: list[str]
) -> None:
    zhang.post("/paper/")
    address = f"/paper/{PaperPass.objects.get().pk}/withdraw/"
    assert address in zhang.read("/paper/")
    assert visitor("chen").post(address).status_code == 404
    assert at_the_gate(drawn[0], desk)[0] == CheckResult.OK
    assert zhang.post(address).headers["Location"] == "/paper/"
    assert at_the_gate(drawn[0], desk) == (CheckResult.WITHDRAWN, "")
    assert address not in zhang.read("/paper/")
    assert zhang.post(address).status_code == 404


def test_the_earlier_ones_stay_unless_they_are_said_to_be_lost(zhang: Visitor, desk: Desk, drawn: list[str]) -> None:
    for form in ({}, {}, {"withdraw_earlier": "1"}):
        results = [at_the_gate(token, desk)[0] for token in drawn]
        assert set(results) <= {CheckResult.OK}
        zhang.post("/paper/", form)
    results = [at_the_gate(token, desk)[0] for token in drawn]
    assert results == [CheckResult.WITHDRAWN, CheckResult.WITHDRAWN, CheckResult.OK]


def test_a_guardian_makes_and_withdraws_their_dependants(
    zhang: Visitor, desk: Desk, drawn: list[str], picture: bytes
) -> None:
    assert zhang.post("/family/chen/paper/").status_code == 404
    guardian_of_chen(desk, picture)
    assert ANNA not in zhang.post("/family/chen/paper/").content.decode()
    paper = PaperPass.objects.get()
    assert (paper.citizen.ref, paper.asked_by) == ("chen", "citizen:zhang")
    assert at_the_gate(drawn[0], desk) == (CheckResult.OK, "yellow")
    done = zhang.post(f"/family/chen/paper/{paper.pk}/withdraw/")
    assert done.headers["Location"] == "/family/chen/paper/"
    assert at_the_gate(drawn[0], desk)[0] == CheckResult.WITHDRAWN
