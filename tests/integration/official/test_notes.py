"""Internal notes: visible to colleagues and auditors, listed for mentioned officials until opened, never shown to the citizen."""

import pytest
from django.core.cache import caches

from codes.models import NoteMention
from codes.review.cases.notes import open_mention
from portal.citizen.data.views import personal_data
from regions.journal.models import JournalEntry
from regions.refusals import NotFound
from regions.staff.models import Account
from tests.integration.official.conftest import At
from tests.integration.official.test_case_page import page_of
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

LIST = "/staff/notes/"
TEXT = "车票与记录不符，请核对"


def test_a_note_finds_whom_it_mentions_until_they_open_it(desk: Desk, at_work: At) -> None:
    case, li, wang, wu = desk.case("zhang"), at_work("li"), at_work("wang"), at_work("wu")
    address = page_of(case)
    assert (
        li.post(f"{address}note/", {"note": f"{TEXT}。@wu 也看看 mail@wang.example", "to": "@wang"}).status_code == 302
    )
    assert sorted(NoteMention.objects.values_list("username", flat=True)) == ["wang", "wu"]
    entry = JournalEntry.objects.latest("seq")
    assert (entry.verb, entry.subject, entry.data["mentioned"]) == ("case.noted", f"case:{case.number}", ["wang", "wu"])
    assert TEXT not in str(entry.data)
    assert "同事给您的备注" in wang.read("/staff/")
    assert "同事给您的备注" not in li.read("/staff/")
    with at_most(12):
        assert TEXT in wang.read(LIST)
    with at_most(12):
        assert TEXT in li.read(address)
    mention = NoteMention.objects.get(username="wang")
    assert wu.post(f"{LIST}{mention.pk}/").status_code == 404
    assert wang.post(f"{LIST}{mention.pk}/").headers["Location"] == address
    assert TEXT not in wang.read(LIST)
    assert TEXT in wu.read(LIST)


def test_a_note_names_people_and_not_accounts(desk: Desk, at_work: At) -> None:
    Account.objects.filter(username="wang").update(full_name="王敏")
    caches["template_fragments"].clear()
    li, address = at_work("li"), page_of(desk.case("zhang"))
    # Chinese leaves no space before it.
    li.post(f"{address}note/", {"note": f"请@wang。{TEXT}", "to": ""})
    assert f"请@王敏。{TEXT}" in li.read(address)
    assert f"请@王敏。{TEXT}" in at_work("wang").read(LIST)


def test_nobody_is_mentioned_who_does_not_work_on_cases(desk: Desk, at_work: At) -> None:
    li, address = at_work("li"), f"{page_of(desk.case('zhang'))}note/"
    for name in ("sun", "nobody"):
        refused = li.post(address, {"note": f"@{name} {TEXT}", "to": ""})
        assert refused.status_code == 422
        page = refused.content.decode()
        assert f"没有@{name}" in page
        assert TEXT in page
    assert not NoteMention.objects.exists()


def test_the_auditor_reads_it_and_the_citizen_never(desk: Desk, at_work: At) -> None:
    case = desk.case("zhang")
    at_work("li").post(f"{page_of(case)}note/", {"note": TEXT, "to": ""})
    assert TEXT in at_work("sun").read(page_of(case))
    zhang = Visitor.signed_in(desk.citizen("zhang"), now=desk.now)
    assert TEXT not in zhang.read(f"/cases/{case.number}/")
    assert TEXT not in str(personal_data(desk.citizen("zhang"), now=desk.now))


def test_somebody_elses_mention_is_not_found(desk: Desk, at_work: At) -> None:
    at_work("li").post(f"{page_of(desk.case('zhang'))}note/", {"note": f"@wang {TEXT}", "to": ""})
    with pytest.raises(NotFound):
        open_mention(mention_id=NoteMention.objects.get().pk, by="wu", now=desk.now)
