"""The pages of displayed colours: what is wrong, what is to be corrected, and the two acts of a provider's owner."""

from datetime import datetime

import pytest

from codes.models import DisplayItem
from regions.journal.models import JournalEntry
from regions.models import City
from regions.staff.roles import Role
from tests.integration.display.test_causes import Screens
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import hire

LIST = "/staff/displays/"


@pytest.fixture
def screens(bare_city: City, monkeypatch: pytest.MonkeyPatch) -> Screens:
    screens = Screens(ran_before=True)
    monkeypatch.setattr("django.utils.timezone.now", lambda: screens.now)
    hire("sun", Role.AUDITOR, now=screens.now)
    return screens


def visitor(name: str, now: datetime) -> Visitor:
    return Visitor.as_account(name, now=now).in_english()


def test_the_list_is_empty_then_names_each_cause_the_open_first(screens: Screens) -> None:
    fang = visitor("fang", screens.now)
    assert "Nothing is displayed wrongly" in fang.read(LIST)
    assert "Wrong colours that providers display" not in fang.read("/staff/")
    screens.show({0: "00", 1: "00", 2: "??"})
    old, unknown = DisplayItem.objects.order_by("cause")
    fang.post(f"{LIST}{old.pk}/act/", {"verb": "tell", "note": "called them"})
    page = fang.read(LIST)
    assert page.index(f"{LIST}{unknown.pk}/") < page.index(f"{LIST}{old.pk}/"), "the open first, though of fewer people"
    assert "Nothing is displayed wrongly" not in page
    assert "Wrong colours that providers display" in fang.read("/staff/")
    screens.pass_time(minutes=1)
    screens.show({0: "10", 1: "10", 2: "10"})
    page = fang.read(LIST)
    assert "Nothing is displayed wrongly" in page
    assert page.index("Closed") < page.index(f"{LIST}{old.pk}/")


def test_an_item_says_what_to_mend_with_examples_that_lead_to_nobody(screens: Screens) -> None:
    screens.show({0: "00", 2: "??"})
    old, unknown = DisplayItem.objects.order_by("cause")
    auditor = visitor("sun", screens.now)
    page = auditor.read(f"{LIST}{old.pk}/")
    assert "still displays an earlier colour." in page
    assert "at the latest 10 minutes after" in page
    assert '<span translate="no">p00</span>' in page
    assert "p02" not in page, "of another cause"
    assert 'name="verb"' not in page, "an auditor reads"
    assert "/cases/D" not in page
    assert "Found" in page
    assert "??" in auditor.read(f"{LIST}{unknown.pk}/")


def test_both_acts_need_a_note_and_stand_in_the_history(screens: Screens) -> None:
    screens.show({0: "00"})
    item = DisplayItem.objects.get()
    address, fang = f"{LIST}{item.pk}/", visitor("fang", screens.now)
    assert visitor("sun", screens.now).post(f"{address}act/", {"verb": "tell", "note": "x"}).status_code == 403
    told = fang.post(f"{address}act/", {"verb": "tell", "note": "phoned 13800000000"}, follow=True).content.decode()
    assert "所填内容将写入日志" in told or "goes into the journal" in told
    fang.post(f"{address}act/", {"verb": "tell", "note": " "})
    item.refresh_from_db()
    assert item.state == "open"
    for verb, state, note in (("tell", "told", "phoned Ms Wu"), ("mend", "mended", "cache emptied")):
        assert f'value="{verb}"' in fang.read(address)
        assert fang.post(f"{address}act/", {"verb": verb, "note": note}).status_code == 302
        item.refresh_from_db()
        assert item.state == state
        page = fang.read(address)
        assert note in page
        assert f'value="{verb}"' not in page
    assert fang.post(f"{address}act/", {"verb": "tell", "note": "again"}).status_code == 409
    acts = JournalEntry.objects.filter(subject=item.subject, by="fang").order_by("seq")
    assert [(one.verb, one.data["note"]) for one in acts] == [
        ("display.item_told", "phoned Ms Wu"),
        ("display.item_mended", "cache emptied"),
    ]
