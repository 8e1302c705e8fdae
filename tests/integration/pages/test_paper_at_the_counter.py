"""A paper code printed by an official for somebody without a phone: found by the document, limited, and reported to the person."""

from collections.abc import Callable

import pytest

from codes.gates.check import check_pass
from codes.models import PaperPass, PersonAccess
from codes.passes import counter
from codes.passes.paper import MOST_IN_FORCE, issue_paper
from portal.web.qr import qr_svg
from regions.journal.models import JournalEntry
from regions.refusals import Refused
from tests.integration.lines import BERT
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

ROOM = "/staff/paper-codes/"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the printed codes say to a scanner, the newest last."""
    texts: list[str] = []

    def draw(text: str, title: str) -> str:
        texts.append(text)
        return qr_svg(text, title)

    monkeypatch.setattr("portal.official.paper_codes.views.qr_svg", draw)
    return texts


def look(official: Visitor, number: str, purpose: str = "no_phone") -> str:
    answer = official.post(ROOM, {"id_type": "10", "id_number": number, "purpose": purpose})
    assert answer.status_code in (200, 429)
    return answer.content.decode()


def document_in(page: str) -> str:
    return page.partition('name="document" value="')[2].partition('"')[0]


def test_a_reviewer_finds_prints_and_is_seen(desk: Desk, visitor: Callable[[str], Visitor], drawn: list[str]) -> None:
    official, zhang = Visitor.as_account("li", now=desk.now), desk.citizen("zhang")
    assert not JournalEntry.objects.filter(verb=counter.LOOKED_UP).exists()
    found = look(official, BERT, "lost")
    for kept_back in (BERT, zhang.full_name, "红码"):
        assert kept_back not in found
    assert not drawn, "looking prints nothing"
    sheet = official.post(f"{ROOM}print/", {"document": document_in(found)}).content.decode()
    assert sheet.count('class="qr"') == 2
    assert BERT not in sheet
    assert check_pass(drawn[0], by="gate:1", now=desk.now).colour == "red"
    accesses = PersonAccess.objects.filter(citizen=zhang).order_by("pk")
    assert [(one.by, one.what, one.purpose) for one in accesses] == [
        ("li", counter.SEEN, "lost"), ("li", counter.PRINTED, "lost"),
    ]  # fmt: skip
    entries = JournalEntry.objects.filter(verb__startswith="paper.").order_by("seq")
    assert [(one.verb, one.by, one.subject) for one in entries] == [
        (verb, "li", f"citizen:{zhang.ref}") for verb in ("paper.looked_up", "paper.issued")
    ]
    history = visitor("zhang").in_english().read("/data/")
    assert "a paper code, printed at a counter" in history
    assert "their paper code is lost or cannot be read" in history


def test_what_was_looked_up_long_ago_or_by_a_colleague_is_not_printed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = document_in(look(Visitor.as_account("li", now=desk.now), BERT))
    assert Visitor.as_account("wu", now=desk.now).post(f"{ROOM}print/", {"document": document}).status_code == 404
    later = desk.now + counter.AT_THE_COUNTER
    official = Visitor.as_account("li", now=later)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert official.post(f"{ROOM}print/", {"document": document}).status_code == 404
    assert not PaperPass.objects.exists()


def test_an_official_looks_up_so_many_and_no_more_known_or_not(desk: Desk) -> None:
    official = Visitor.as_account("li", now=desk.now).in_english()
    nobody = "110101199003077870"
    most = counter.PER_OFFICIAL[0][1]
    assert "Nobody is known by this document." in look(official, nobody)
    for _ in range(most - 1):
        assert document_in(look(official, BERT))
    assert "You have looked up too many people" in look(official, nobody)
    assert document_in(look(official, BERT)) == ""
    assert JournalEntry.objects.filter(verb=counter.LOOKED_UP, by="li").count() == most
    assert document_in(look(Visitor.as_account("wu", now=desk.now), BERT)), "each official has their own"


def test_a_person_has_so_many_in_force_and_no_more(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    for _ in range(MOST_IN_FORCE):
        issue_paper(zhang, by=zhang.actor, now=desk.now)
    with pytest.raises(Refused):
        issue_paper(zhang, by=zhang.actor, now=desk.now)
    official = Visitor.as_account("li", now=desk.now)
    found = look(official, BERT)
    assert 'name="withdraw_earlier"' in found
    official.post(f"{ROOM}print/", {"document": document_in(found)})
    assert PaperPass.objects.in_force(desk.now).count() == MOST_IN_FORCE, "without withdrawing none is printed"
    official.post(f"{ROOM}print/", {"document": document_in(found), "withdraw_earlier": "1"})
    assert PaperPass.objects.in_force(desk.now).count() == 1
