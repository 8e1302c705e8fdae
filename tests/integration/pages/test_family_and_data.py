"""The pages of dependants, of one's own data, and of the demo's phones."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from codes.citizens.guardianship import accept_guardianship, refuse_guardianship
from codes.models import Entry, Guardianship
from codes.review.evidence.access import reveal
from portal.demo.mail_box import MailBox
from regions.journal.models import JournalEntry
from regions.masking import mask_name, mask_number
from tests.integration.lines import ANNA, BERT
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.pages.test_my_code import late_check_ins
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]


@pytest.fixture
def zhang(desk: Desk, visitor: Opens) -> Visitor:
    return visitor("zhang")


def ask(person: Visitor, picture: bytes, number: str = ANNA) -> str:
    """Ask for a dependant; what the last page said."""
    person.post("/family/ask/", {"id_type": "10", "id_number": number, "relation": "parent"})
    person.post("/family/ask/proof/", {"act": "add", "file": SimpleUploadedFile("hukou.jpg", picture)})
    return person.post("/family/ask/proof/", {"act": "send"}).content.decode()


def test_a_dependant_is_shown_once_an_official_agrees(zhang: Visitor, desk: Desk, picture: bytes) -> None:
    ask(zhang, picture)
    link = Guardianship.objects.get()
    assert (link.dependant.ref, link.relation) == ("chen", "parent")
    assert "审核中" in zhang.read("/family/")
    assert zhang.get("/family/chen/code/").status_code == 404
    accept_guardianship(guardianship_id=link.pk, by="li", now=desk.now)
    assert "展示家人（父母）健康码的申请已通过" in zhang.read("/messages/")
    page = zhang.read("/family/chen/code/")
    assert "黄码" in page
    assert 'href="/family/chen/check-in/"' in page
    assert "返回我的健康码" in page


def test_the_guardian_acts_for_the_dependant(zhang: Visitor, desk: Desk, picture: bytes) -> None:
    ask(zhang, picture)
    accept_guardianship(guardianship_id=Guardianship.objects.get().pk, by="li", now=desk.now)
    zhang.post("/family/chen/check-in/", {"healthy": "yes"})
    assert set(Entry.objects.filter(type="check_in").values_list("citizen__ref", flat=True)) == {"chen"}
    assert JournalEntry.objects.filter(verb="entries.taken", by="citizen:zhang").exists()


def test_the_family_page_says_whom_a_question_waits_for(zhang: Visitor, desk: Desk, picture: bytes) -> None:
    """A message is marked new only until it is read; the question waits longer."""
    ask(zhang, picture)
    accept_guardianship(guardianship_id=Guardianship.objects.get().pk, by="li", now=desk.now)
    desk.appeal("chen")
    case = desk.case("chen", "appeal")
    address = f'href="/family/chen/cases/{case.number}/"'
    assert address not in zhang.read("/family/")
    desk.bring(case, "waiting_for_information")
    zhang.read("/messages/")
    assert address in zhang.read("/family/")


def test_either_side_ends_it(zhang: Visitor, desk: Desk, visitor: Opens, picture: bytes) -> None:
    ask(zhang, picture)
    link = accept_guardianship(guardianship_id=Guardianship.objects.get().pk, by="li", now=desk.now)
    assert visitor("liu").post(f"/family/{link.pk}/end/").status_code == 404
    assert "谁在代您亮码" in visitor("chen").read("/family/")
    visitor("chen").post(f"/family/{link.pk}/end/")
    assert zhang.get("/family/chen/code/").status_code == 404


def test_a_refusal_says_why(zhang: Visitor, desk: Desk, picture: bytes) -> None:
    ask(zhang, picture)
    refuse_guardianship(guardianship_id=Guardianship.objects.get().pk, reason="材料看不清", by="li", now=desk.now)
    assert "材料看不清" in zhang.read("/family/")


def test_asking_for_somebody_unknown_looks_the_same(zhang: Visitor, picture: bytes) -> None:
    unknown = "110105194912310038"
    for number in (ANNA, unknown):
        asked = zhang.post("/family/ask/", {"id_type": "10", "id_number": number, "relation": "child"})
        assert asked["Location"] == "/family/ask/proof/"
        zhang.post("/family/ask/proof/", {"act": "add", "file": SimpleUploadedFile("hukou.jpg", picture)})
        assert zhang.post("/family/ask/proof/", {"act": "send"})["Location"] == "/family/"
    page = zhang.read("/family/")
    for link in Guardianship.objects.select_related("dependant"):
        assert link.dependant.ref not in page
        assert not link.dependant.full_name or mask_name(link.dependant.full_name) not in page
    assert mask_number(ANNA) in page
    assert mask_number(unknown) in page


def test_oneself_is_no_dependant(zhang: Visitor, picture: bytes) -> None:
    page = zhang.post("/family/ask/", {"id_type": "10", "id_number": BERT, "relation": "parent"})
    assert "不能添加本人" in page.content.decode()
    assert zhang.get("/family/ask/proof/").status_code == 302


def test_my_data_is_masked_and_says_who_looked(zhang: Visitor, desk: Desk) -> None:
    zhang_ = desk.citizen("zhang")
    reveal(citizen_id=zhang_.pk, purpose="核对身份", by="li", now=desk.now)
    with at_most(12):
        page = zhang.read("/data/")
    assert BERT not in page
    assert "13812345678" not in page
    assert "138****5678" in page
    assert "核对身份" in page


def test_my_data_tells_check_ins_that_came_too_late(zhang: Visitor, desk: Desk) -> None:
    late_check_ins(desk, "zhang")
    with at_most(12):
        page = zhang.read("/data/")
    late = Entry.objects.filter(citizen__ref="zhang", late=True).count()
    assert late > 0
    assert page.count("提交过晚：已保存，不计入") == late


def test_the_copy_is_whole_and_journalled(zhang: Visitor) -> None:
    response = zhang.post("/data/copy/")
    copy = json.loads(response.content)
    assert copy["person"]["id_number"] == BERT
    assert copy["records"][0]["kind"] == "spacetime_overlap"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert JournalEntry.objects.filter(verb="citizen.copied", by="citizen:zhang").count() == 1
    assert zhang.get("/data/copy/").status_code == 405


def test_the_demos_phones_exist_in_the_demo_only(
    zhang: Visitor, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("portal.demo.mail_box.FOLDER", tmp_path)
    MailBox().send(phone="13812345678", text="123456")
    assert zhang.get("/demo/mail-box/").status_code == 404
    settings.ROOT_URLCONF = "portal.demo.urls"
    page = zhang.read("/demo/mail-box/")
    assert "123456" in page
    assert "13812345678" not in page
