"""The first secret is sent to the person alone. One security administrator cannot obtain a second account in any way."""

import logging
import re
from datetime import datetime, timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from pytest_django import Settings

from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import NotAllowed, Refused
from regions.staff import changes
from regions.staff.accounts import add_staff
from regions.staff.enrolment import find_link, hash_of_token
from regions.staff.models import Account, EnrolmentLink
from regions.staff.roles import Role
from tests.integration.pages.people import Visitor, present_code
from tests.integration.review.desk import hire
from tests.integration.staff.people import CHOSEN, NEW, PATH, anybody, follow, mailed_links

LATER = timedelta(hours=72)


@pytest.fixture
def clock(beta: City, now: datetime, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """One entry: what time it is."""
    shown = [now]
    monkeypatch.setattr("django.utils.timezone.now", lambda: shown[0])
    for name in ("an", "bo"):
        hire(name, Role.SECURITY_ADMIN, now=now)
    return shown


@pytest.fixture
def alone(clock: list[datetime]) -> Visitor:
    """One security administrator, at all pages."""
    return Visitor.as_account("an", now=clock[0]).in_english()


def confirmed(now: datetime) -> Account:
    change = changes.propose_account(
        username="new",
        full_name="新",
        office="",
        email="new@example.cn",
        roles=["reviewer"],
        reason="x",
        by="an",
        now=now,
    )
    account = changes.confirm(change.pk, by="bo", now=now).account
    assert account is not None
    return account


def test_a_person_enrols_and_signs_in_and_nobody_else_sees_a_secret(
    clock: list[datetime], alone: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        account = confirmed(clock[0])
        assert not account.has_usable_password()
        (link,) = mailed_links()
        colleague = Visitor.as_account("bo", now=clock[0])
        colleague.get(link)
        masthead = colleague.read("/staff/enrol/").partition("masthead")[2].partition("</header>")[0]
        assert not re.search(r"\bbo\b", masthead), "a token may hold the letters"
        assert colleague.get("/staff/").headers["Location"].startswith("/staff/sign-in/")
        assert mail.outbox[0].to == ["new@example.cn"]
        assert f"http://beta.localhost:8000{link}" in str(mail.outbox[0].body)
        person, secret, status = follow(link)
    assert status == 302
    token = link.split("/")[-2]
    known = [*caplog.messages, str(list(JournalEntry.objects.values())), str(list(EnrolmentLink.objects.values()))]
    known += [alone.read(path) for path in (PATH, f"{PATH}{account.pk}/", f"{PATH}changes/{account.changes.get().pk}/")]
    known += [str(list(Authenticator.objects.values()))]
    for told in (token, CHOSEN, secret):
        assert [one[:300] for one in known if told in one] == []
    person.post("/staff/sign-in/", {"login": "new", "password": CHOSEN})
    # The code that was used to enrol is used up.
    assert "used already" in person.post("/staff/sign-in/code/", {"code": present_code(secret)}).content.decode()
    clock[0] += timedelta(minutes=2)
    assert person.post("/staff/sign-in/code/", {"code": present_code(secret)}).headers["Location"] == "/staff/"
    assert person.get("/staff/").status_code == 200
    verbs = set(JournalEntry.objects.filter(subject="staff:new").values_list("verb", flat=True))
    assert {
        "staff.change_proposed",
        "staff.change_confirmed",
        "staff.added",
        "staff.link_sent",
        "staff.enrolled",
    } <= verbs


def test_a_link_works_once_in_its_own_city_until_it_ends(clock: list[datetime]) -> None:
    account = confirmed(clock[0])
    (link,) = mailed_links()
    # Another city has another table of links.
    assert follow(link, host="alpha.localhost")[2] == 404
    # A reader of mails that looks at every link uses nothing up.
    anybody().get(link)
    waiting = anybody()
    waiting.get(link)
    waiting.get("/staff/enrol/")
    assert follow(link)[2] == 302
    stored = Account.objects.get(pk=account.pk).password
    for late in (anybody(), waiting):
        late.get(link)
        assert late.get("/staff/enrol/").status_code == 404
        answer = late.post("/staff/enrol/", {"password1": "anderes Wort 1", "password2": "anderes Wort 1", "code": "1"})
        assert answer.status_code == 404
    assert Account.objects.get(pk=account.pk).password == stored


@pytest.mark.parametrize("end", ["expired", "again", "closed", "email", "reset"])
def test_what_ends_a_link(clock: list[datetime], alone: Visitor, end: str) -> None:
    account, now = confirmed(clock[0]), clock[0]
    (link,) = mailed_links()
    token_hash = hash_of_token(link.split("/")[-2])
    assert find_link(token_hash, now=now + LATER - timedelta(seconds=1))
    if end == "expired":
        now += LATER
    elif end == "again":
        alone.post(f"{PATH}{account.pk}/link/")
    elif end == "closed":
        changes.close_account(account.pk, by="an", now=now)
    else:
        propose = {"email": changes.propose_email, "reset": changes.propose_reset}[end]
        values = {"email": "other@example.cn"} if end == "email" else {}
        changes.confirm(propose(account.pk, **values, reason="x", by="an", now=now).pk, by="bo", now=now)  # type: ignore[operator]
    assert find_link(token_hash, now=now) is None
    if end == "closed":  # nor is it good once the account is open again
        Account.objects.update(is_active=True)
        assert find_link(token_hash, now=now) is None
        Account.objects.filter(pk=account.pk).update(is_active=False)
    new = mailed_links()[1:]
    assert len(new) == (1 if end in ("again", "reset") else 0)
    assert all(follow(one)[2] == 302 for one in new)


@pytest.mark.parametrize(
    ("password1", "password2", "code", "told"),
    [
        ("short", "short", "", "at least 12 characters"),
        ("password1234", "password1234", "", "too common"),
        (CHOSEN, "vier andere Wörter hier", "", "The two passwords differ."),
        (CHOSEN, CHOSEN, "000000", "code is wrong"),
    ],
)
def test_what_does_not_fit_uses_nothing_up(
    clock: list[datetime], password1: str, password2: str, code: str, told: str
) -> None:
    account = confirmed(clock[0])
    (link,) = mailed_links()
    person = anybody()
    person.get(link)
    secret = person.read("/staff/enrol/").split('<code class="code">')[1].split("</code>")[0]
    data = {"password1": password1, "password2": password2, "code": code or present_code(secret)}
    assert told in person.post("/staff/enrol/", data).content.decode()
    account.refresh_from_db()
    assert not account.has_usable_password()
    assert follow(link)[2] == 302


def test_one_administrator_alone_gains_no_account(clock: list[datetime], alone: Visitor) -> None:
    """Every page and verb, in the order in which somebody would try: no mail goes out, no account can be signed in to."""
    li = hire("li", Role.REVIEWER, now=clock[0])
    Account.objects.filter(pk=li.pk).update(email="li@example.cn")
    decided = []
    for path, data in (
        ("new/", {**NEW, "roles": ["security_admin"]}),
        (f"{li.pk}/propose/", {"kind": "email", "email": "an@example.cn", "reason": "x"}),
        (f"{li.pk}/propose/", {"kind": "reset", "reason": "x"}),
        (f"{li.pk}/roles/", {"roles": ["reviewer", "approver"], "note": "x"}),
    ):
        alone.post(f"{PATH}{path}", data)
        change = alone.client.get(PATH).content.decode().split("/staff/people/changes/")[-1].split("/")[0]
        decided.append(alone.post(f"{PATH}changes/{change}/decide/", {"verb": "confirm"}).status_code)
    alone.post(f"{PATH}{li.pk}/link/")
    # Closed by one, but not opened by the same; and the other administrator closed, nobody is left to confirm.
    alone.post(f"{PATH}{li.pk}/close/")
    alone.post(f"{PATH}{li.pk}/propose/", {"kind": "reopening", "reason": "x"})
    alone.post(f"{PATH}{Account.objects.get(username='bo').pk}/close/")
    for change_id in list(li.changes.values_list("pk", flat=True)):
        alone.post(f"{PATH}changes/{change_id}/decide/", {"verb": "confirm"})
        with pytest.raises(Refused):
            changes.confirm(change_id, by="an", now=clock[0])
        with pytest.raises(CommandError) as refused:
            call_command("confirm_staff_change", str(change_id), "--city", "beta", "--by", "an", stdout=StringIO())
        assert refused.value.returncode == 2
    with pytest.raises(NotAllowed):
        add_staff(username="third", roles=["reviewer"], by="an", now=clock[0])
    with pytest.raises(CommandError):
        call_command("add_staff", "third", "--role", "reviewer", "--city", "beta", "--by", "an", stdout=StringIO())
    assert mailed_links() == []
    li.refresh_from_db()
    assert (li.email, li.is_active, set(li.roles)) == ("li@example.cn", False, {Role.REVIEWER})
    assert set(Account.objects.values_list("username", flat=True)) == {"an", "bo", "li"}
    assert not EnrolmentLink.objects.exists()


def test_an_operator_is_the_second_person_where_a_city_has_one_administrator(clock: list[datetime]) -> None:
    change = changes.propose_account(
        username="new",
        full_name="",
        office="",
        email="new@example.cn",
        roles=["auditor"],
        reason="x",
        by="an",
        now=clock[0],
    )
    said = StringIO()
    call_command("confirm_staff_change", str(change.pk), "--city", "beta", "--by", "operator:mo", stdout=said)
    (link,) = mailed_links()
    assert link.split("/")[-2] not in said.getvalue()
    assert JournalEntry.objects.get(verb="staff.change_confirmed").by == "operator:mo"


def test_without_a_mail_server_no_try_is_counted_and_the_link_goes_out_when_there_is_one(
    clock: list[datetime], alone: Visitor, settings: Settings
) -> None:
    account = confirmed(clock[0])
    settings.EMAIL_BACKEND = "portal.mail.NoMail"
    assert mailed_links() == []
    assert EnrolmentLink.objects.get().tries == 0
    assert "No mail server is set up" in alone.read(f"{PATH}{account.pk}/")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    (link,) = mailed_links()
    assert "it works until" in alone.read(f"{PATH}{account.pk}/")
    assert follow(link)[2] == 302
