"""Mail to staff: each morning, if wanted, the numbers of what waits and what is due soon, once and without names."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from codes.models import Case, StaffMail
from codes.review.cases import assign
from portal.official.home.staff_mail import mail_deadlines, mail_digests
from regions.models import City
from regions.staff.models import Account
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk, open_desk

HOST = "beta.localhost"
LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def desk(bare_city: City, now: object, settings: Settings) -> Desk:
    """li has taken zhang's case; li and wang have addresses, wu has none. It is ten in the morning."""
    settings.EMAIL_BACKEND = LOCMEM
    desk = open_desk({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)  # type: ignore[arg-type]
    for name in ("li", "wang"):
        Account.objects.filter(username=name).update(email=f"{name}@example.cn", must_change_password=False)
    assign.take_over(case_id=desk.case().pk, assignee="", by="li", now=desk.now)
    return desk


def test_each_morning_what_waits_is_mailed_once(desk: Desk, mailoutbox: list[EmailMessage]) -> None:
    Case.objects.filter(pk=desk.case().pk).update(due_at=desk.now + timedelta(hours=5))
    desk.propose("chen", "green")
    assert mail_digests(host=HOST, now=desk.now - timedelta(hours=4)) == 0, "six in the morning"
    assert [mail_digests(host=HOST, now=desk.now) for _ in range(2)] == [2, 0]
    bodies = {one.to[0]: str(one.body) for one in mailoutbox}
    assert desk.case().number in bodies["li@example.cn"]
    assert "Proposed colours to approve: 1" in bodies["wang@example.cn"]
    assert "今日到期的您的事项：2" in bodies["li@example.cn"]
    for body in bodies.values():
        assert "zhang" not in body
        assert "beta.localhost" in body
    assert mail_digests(host=HOST, now=desk.now + timedelta(days=1)) == 2


def test_a_deadline_is_told_of_once_before_it(desk: Desk, mailoutbox: list[EmailMessage]) -> None:
    case = desk.case()
    Case.objects.filter(pk=case.pk).update(due_at=desk.now + timedelta(hours=3))
    asked = [mail_deadlines(host=HOST, now=desk.now + timedelta(minutes=minutes)) for minutes in (0, 59, 61, 90, 200)]
    assert asked == [0, 0, 1, 0, 0]
    assert mailoutbox[0].to == ["li@example.cn"]
    assert case.number in str(mailoutbox[0].body)


def test_a_deadline_of_nobodys_case_is_told_to_approvers(desk: Desk, mailoutbox: list[EmailMessage]) -> None:
    """wang approves and has an address; li, who only reviews, is not written to. A further case is told of with the next mail."""
    assign.put_back(case_id=desk.case().pk, by="li", now=desk.now)
    first, second = desk.case(), desk.case("chen")
    Case.objects.filter(pk=first.pk).update(due_at=desk.now + timedelta(hours=1))
    Case.objects.filter(pk=second.pk).update(due_at=desk.now + timedelta(hours=3))
    asked = [mail_deadlines(host=HOST, now=desk.now + timedelta(minutes=minutes)) for minutes in (0, 30, 61)]
    assert asked == [1, 0, 1]
    assert [mail.to for mail in mailoutbox] == [["wang@example.cn"]] * 2
    texts = [str(mail.body) for mail in mailoutbox]
    assert [(first.number in text, second.number in text) for text in texts] == [(True, False), (False, True)]
    assert "无人办理：1" in texts[0]
    assert "/staff/queue/?assignee=-" in texts[0]


@pytest.mark.parametrize("field", ["morning", "deadlines"])
def test_whoever_wants_none_gets_none(
    desk: Desk, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: desk.now)
    Case.objects.filter(pk=desk.case().pk).update(due_at=desk.now + timedelta(hours=1))
    Account.objects.filter(username="wang").update(email="")
    li = Visitor.as_account("li", now=desk.now)
    assert 'name="morning" checked' in li.read("/staff/account/")
    assert li.post("/staff/account/mail/", {field: "on"}).headers["Location"] == "/staff/account/"
    assert StaffMail.objects.get().morning is (field == "morning")
    mail_digests(host=HOST, now=desk.now)
    mail_deadlines(host=HOST, now=desk.now)
    assert len(mailoutbox) == 1
    assert ("两小时" in str(mailoutbox[0].subject) or "即将到期" in str(mailoutbox[0].subject)) is (
        field == "deadlines"
    )


def test_without_a_server_nothing_is_noted(desk: Desk, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "portal.mail.NoMail"
    assert mail_digests(host=HOST, now=desk.now) == 0
    assert not StaffMail.objects.exists()
