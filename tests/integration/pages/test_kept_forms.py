"""What was typed is kept: when a session ends, the language changes, a page has a second form, or a file is refused."""

from collections.abc import Callable
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from codes.models import Evidence, KeptForm
from codes.review import information
from tests.integration.pages.people import Visitor
from tests.integration.pages.test_declaring import BOTH
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]


def answer_two(person: Visitor) -> None:
    person.post("/declare/to/", {"providers": BOTH})
    person.post("/declare/symptoms/", {"has": "yes", "symptoms": ["dry_cough"]})


def test_answers_wait_for_their_person_and_nobody_else(desk: Desk, visitor: Opens) -> None:
    answer_two(visitor("chen"))
    again = visitor("chen")
    assert again.get("/declare/").headers["Location"] == "/declare/contact/"
    assert 'value="dry_cough" id="id_symptoms_1" checked' in again.read("/declare/symptoms/")
    assert visitor("zhang").get("/declare/").headers["Location"] == "/declare/to/"
    kept = KeptForm.objects.get(place="declaration:chen")
    assert b"dry_cough" not in bytes(kept.content_encrypted)
    assert again.post("/declare/").headers["Location"] == "/declare/to/"
    assert not KeptForm.objects.exists()


def test_what_is_typed_and_not_sent_is_there_again(desk: Desk, visitor: Opens) -> None:
    person = visitor("chen")
    answer_two(person)
    person.post("/declare/contact/", {"contact": "no"})
    typed = {"kept-page": "/declare/stays/", "area": "武汉", "from_day": "2026-11-10"}
    assert person.post("/keep/", typed).status_code == 204
    person.post("/display/language/", {"language": "en", "next": "/declare/stays/"})
    page = visitor("chen").read("/declare/stays/")
    assert 'value="2026-11-10"' in page
    assert 'value="武汉"' in page
    assert person.post("/keep/", {"kept-page": "/staff/", "area": "x"}).status_code == 404
    # “No, that is all” with a place typed and not added adds the place first.
    assert person.post("/declare/stays/", {**typed, "act": "none"}).headers["Location"] == "/declare/stays/"
    page = person.read("/declare/stays/")
    assert "Wuhan, Hubei" in page
    assert 'value="武汉"' not in page


def test_an_answer_with_a_file_keeps_its_text(desk: Desk, visitor: Opens, picture: bytes) -> None:
    number, zhang = desk.appeal("zhang").number, visitor("zhang")
    information.ask(case_id=desk.case("zhang", "appeal").pk, question="请提供车票", by="li", now=desk.now)
    address = f"/cases/{number}/"
    form = {"kept-page": address, "text": "车票见附件"}
    zhang.post(f"{address}answer/", {**form, "act": "add", "file": SimpleUploadedFile("a.jpg", b"<html>")})
    assert "车票见附件" in zhang.read(address)
    zhang.post(f"{address}answer/", {**form, "act": "add", "file": SimpleUploadedFile("a.jpg", picture)})
    assert "车票见附件" in zhang.read(address)
    zhang.post(f"{address}answer/", {**form, "act": "send", "file": SimpleUploadedFile("b.jpg", picture)})
    assert Evidence.objects.filter(case__number=number).count() == 2
    assert not KeptForm.objects.exists()


def test_a_signed_out_form_leads_back_to_its_page(stranger: Visitor, desk: Desk) -> None:
    sent = stranger.post("/declare/stays/", {"kept-page": "/declare/stays/", "area": "武汉"})
    assert sent.headers["Location"] == "/sign-in/?next=%2Fdeclare%2Fstays%2F"
    assert "此前填写的内容仍在" in stranger.read(sent.headers["Location"])
    assert "此前填写的内容仍在" not in stranger.read("/sign-in/")


def test_after_a_day_nothing_is_kept(desk: Desk, visitor: Opens) -> None:
    answer_two(visitor("chen"))
    KeptForm.objects.update(kept_at=desk.now - timedelta(days=1, seconds=1))
    assert visitor("chen").get("/declare/").headers["Location"] == "/declare/to/"
