"""Finding a case by its number, a reference, a document's number or a name. The search is shown to the citizen, its text not stored."""

import pytest

from codes.models import Case, FormerRef, PersonAccess
from regions.journal.models import JournalEntry
from tests.integration.official.conftest import At
from tests.integration.pages.conftest import DOCUMENTS
from tests.integration.review.desk import Desk

FIND = "/staff/cases/"


def asked(text: str, **more: str) -> dict[str, str]:
    return {"text": text, "born_in": "", "purpose": "", **more}


def test_a_case_is_found_by_its_number_open_or_closed(desk: Desk, at_work: At) -> None:
    desk.bring(desk.case("zhang"), "decided")
    for name in ("zhang", "chen"):
        number = desk.case(name).number
        response = at_work("li").post(FIND, asked(f" {number.lower()} "))
        assert (response.status_code, response.headers["Location"]) == (302, f"/staff/cases/{number}/")
    assert "没有找到" in at_work("li").post(FIND, asked("D20200101-000001")).content.decode()


def test_a_person_is_found_by_a_ref_of_before_they_were_joined(desk: Desk, at_work: At) -> None:
    zhang = desk.citizen("zhang")
    FormerRef.objects.create(ref="former", citizen=zhang, joined_at=desk.now)
    for ref in ("zhang", "former"):
        page = at_work("wang").post(FIND, asked(ref)).content.decode()
        assert desk.case("zhang").number in page
        assert desk.case("chen").number not in page


def test_a_document_number_is_journalled_told_and_kept_nowhere(desk: Desk, at_work: At) -> None:
    number, zhang = DOCUMENTS["zhang"], desk.citizen("zhang")
    li = at_work("li")
    without = li.post(FIND, asked(number))
    assert without.status_code == 422
    assert not PersonAccess.objects.exists()
    page = li.post(FIND, asked(f"{number[:6]} {number[6:].lower()}", purpose="来电询问")).content.decode()
    assert desk.case("zhang").number in page
    access = PersonAccess.objects.get()
    assert (access.citizen, access.by, access.purpose, access.what) == (zhang, "li", "来电询问", "found")
    entry = JournalEntry.objects.latest("seq")
    assert (entry.verb, entry.by, entry.subject) == ("person.seen", "li", "citizen:zhang")
    assert number not in str(list(JournalEntry.objects.values_list("data", "subject")))


def test_who_has_no_case_is_as_nobody_and_the_search_is_journalled(desk: Desk, at_work: At) -> None:
    number = DOCUMENTS["zhang"]
    Case.objects.filter(citizen__ref="zhang").update(citizen=desk.citizen("liu"), kind="suspension")
    page = at_work("li").post(FIND, asked(number, purpose="来电询问")).content.decode()
    assert "没有找到" in page
    assert JournalEntry.objects.latest("seq").verb == "person.sought"
    assert not PersonAccess.objects.exists()


@pytest.mark.parametrize(
    ("typed", "status", "is_found"),
    [
        (asked("小三", born_in="{year}"), 200, True),
        (asked("小三", born_in="1901"), 200, False),
        (asked("小三"), 422, False),
        (asked("三", born_in="{year}"), 422, False),
    ],
    ids=["name and year", "another year", "name alone", "one character"],
)
def test_a_name_needs_the_year_of_birth(
    desk: Desk, at_work: At, typed: dict[str, str], status: int, is_found: bool
) -> None:
    typed = {**typed, "born_in": typed["born_in"].format(year=DOCUMENTS["zhang"][6:10])}
    response = at_work("li").post(FIND, typed)
    assert response.status_code == status
    assert (desk.case("zhang").number in response.content.decode()) is is_found


def test_an_auditor_reads_the_case_and_can_do_nothing_to_it(desk: Desk, at_work: At) -> None:
    number = desk.case("zhang").number
    auditor = at_work("sun")
    page = auditor.read(f"/staff/cases/{number}/")
    assert f"/staff/cases/{number}/reveal/" in page
    for act in ("take", "decide", "ask", "look", "correct", "complex"):
        assert f"/staff/cases/{number}/{act}/" not in page
        assert auditor.post(f"/staff/cases/{number}/{act}/").status_code == 403
    assert "/staff/queue/" not in page
