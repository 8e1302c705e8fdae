"""Accounts are changed by a security administrator, never their own, and every change is in the journal."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator

from portal.official.staff.views import reset_sign_in
from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import Refused
from regions.staff.accounts import change_roles, new_password, set_active
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role
from tests.integration.pages.people import Visitor, tie_phone
from tests.integration.review.desk import hire
from tests.integration.sources.officials import at_desk

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
PATH = "/staff/people/"


@pytest.fixture
def lin(beta: City, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)
    hire("an", Role.SECURITY_ADMIN, now=AT)
    return hire("lin", Role.REVIEWER, Role.APPROVER, now=AT)


@pytest.fixture
def security(lin: Account) -> Visitor:
    return at_desk("bo", "security_admin", now=AT).in_english()


def test_roles_are_given_and_withdrawn_and_what_stays_is_left_alone(lin: Account) -> None:
    change_roles(lin.pk, roles=["approver", "rule_manager"], by="an", now=LATER)
    assert lin.roles == {Role.APPROVER, Role.RULE_MANAGER}
    held = dict(RoleGrant.objects.filter(account=lin, revoked_at=None).values_list("role", "granted_at"))
    assert held == {"approver": AT, "rule_manager": LATER}
    entry = JournalEntry.objects.get(verb="staff.roles_changed")
    assert (entry.by, entry.subject) == ("an", "staff:lin")
    assert entry.data == {"given": ["rule_manager"], "withdrawn": ["reviewer"]}
    change_roles(lin.pk, roles=["approver", "rule_manager"], by="an", now=LATER)
    assert JournalEntry.objects.filter(verb="staff.roles_changed").count() == 1


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        (["reviewer", "system_admin"], "may not hold both: reviewer and system_admin"),
        (["security_admin", "audit_admin"], "may not hold both"),
        (["king"], "no such role"),
        ([], "at least one role"),
    ],
)
def test_roles_that_cannot_be(lin: Account, roles: list[str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        change_roles(lin.pk, roles=roles, by="an", now=LATER)
    assert lin.roles == {Role.REVIEWER, Role.APPROVER}


def test_nobody_changes_their_own_account(lin: Account) -> None:
    own = Account.objects.get(username="an").pk
    for act in (
        lambda: change_roles(own, roles=["reviewer"], by="an", now=LATER),
        lambda: set_active(own, is_active=False, by="an", now=LATER),
        lambda: new_password(own, by="an", now=LATER),
        lambda: reset_sign_in(own, by="an", now=LATER),
    ):
        with pytest.raises(Refused, match="own account"):
            act()


@pytest.mark.parametrize("by", ["lin", "system", "nobody"])
def test_only_a_security_administrator_changes_accounts(lin: Account, by: str) -> None:
    with pytest.raises(Refused, match="role"):
        set_active(lin.pk, is_active=False, by=by, now=LATER)


def test_a_closed_account_is_out_at_once(lin: Account) -> None:
    worker = at_desk("mei", "reviewer", now=AT)
    assert worker.get("/staff/").status_code == 200
    mei = Account.objects.get(username="mei")
    set_active(mei.pk, is_active=False, by="an", now=AT)
    assert worker.get("/staff/").headers["Location"].startswith("/staff/sign-in/")
    set_active(mei.pk, is_active=True, by="an", now=AT)
    assert mei.roles == {Role.REVIEWER}
    told = list(JournalEntry.objects.filter(subject="staff:mei", verb__in=["staff.closed", "staff.opened"]))
    assert [one.verb for one in sorted(told, key=lambda one: one.seq)] == ["staff.closed", "staff.opened"]


def test_a_lost_phone_ends_codes_password_and_session(lin: Account) -> None:
    worker = at_desk("mei", "reviewer", now=AT)
    mei = Account.objects.get(username="mei")
    _, password = reset_sign_in(mei.pk, by="an", now=AT)
    mei.refresh_from_db()
    assert mei.check_password(password)
    assert mei.must_change_password
    assert not Authenticator.objects.filter(user=mei).exists()
    assert worker.get("/staff/").headers["Location"].startswith("/staff/sign-in/")
    assert password not in str(list(JournalEntry.objects.values_list("data", flat=True)))


def test_the_list_says_who_may_what(lin: Account, security: Visitor) -> None:
    page = security.read(PATH)
    assert "Reviewer" in page
    assert f"{PATH}{lin.pk}/" in page


def test_nobody_else_comes_here(lin: Account) -> None:
    for role in ("system_admin", "audit_admin", "approver"):
        assert at_desk(f"one-{role}", role, now=AT).get(PATH).status_code == 403


def test_an_account_is_added_and_its_password_is_shown_once(security: Visitor) -> None:
    sent = {"username": "new", "full_name": "新", "roles": ["reviewer"]}
    page = security.post(f"{PATH}new/", sent).content.decode()
    password = page.partition("<code>")[2].partition("</code>")[0]
    account = Account.objects.get(username="new")
    assert account.check_password(password)
    assert JournalEntry.objects.get(verb="staff.added").by == "bo"
    assert password not in security.read(f"{PATH}{account.pk}/")
    assert "there is an account named" in security.post(f"{PATH}new/", sent).content.decode()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"username": "a:b", "roles": ["reviewer"]}, "cannot be a user name"),
        ({"username": "new"}, "at least one role"),
        ({"username": "new", "roles": ["reviewer", "audit_admin"]}, "may not hold both"),
        ({"username": "", "roles": ["reviewer"]}, "This field is required"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(security: Visitor, sent: dict[str, object], told: str) -> None:
    page = security.post(f"{PATH}new/", sent).content.decode()
    assert told in page
    assert not Account.objects.filter(username="new").exists()


def test_roles_are_changed_on_the_page(lin: Account, security: Visitor) -> None:
    page = security.post(f"{PATH}{lin.pk}/roles/", {"roles": ["reviewer", "system_admin"]}).content.decode()
    assert "may not hold both" in page
    assert security.post(f"{PATH}{lin.pk}/roles/", {"roles": ["rule_manager"]}).status_code == 302
    assert lin.roles == {Role.RULE_MANAGER}


def test_ones_own_account_offers_nothing(security: Visitor) -> None:
    own = Account.objects.get(username="bo").pk
    page = security.read(f"{PATH}{own}/")
    assert "Another security administrator changes it." in page
    assert "Save the roles" not in page
    security.post(f"{PATH}{own}/state/", {"verb": "close"})
    assert Account.objects.get(pk=own).is_active
    assert (
        "Nobody changes their own account"
        in security.post(f"{PATH}{own}/roles/", {"roles": ["reviewer"]}).content.decode()
    )


def test_closing_and_resetting_on_the_page(lin: Account, security: Visitor) -> None:
    tie_phone(lin)
    page = security.post(f"{PATH}{lin.pk}/reset/").content.decode()
    lin.refresh_from_db()
    assert lin.check_password(page.partition("<code>")[2].partition("</code>")[0])
    security.post(f"{PATH}{lin.pk}/state/", {"verb": "close"})
    lin.refresh_from_db()
    assert not lin.is_active
    security.post(f"{PATH}{lin.pk}/state/", {"verb": "open"})
    lin.refresh_from_db()
    assert lin.is_active


def test_missing_is_404(security: Visitor) -> None:
    assert security.get(f"{PATH}9999/").status_code == 404
    for act in ("roles", "state", "reset"):
        assert security.post(f"{PATH}9999/{act}/").status_code == 404


def test_the_pages_speak_chinese(lin: Account) -> None:
    visitor = at_desk("bo", "security_admin", now=AT)
    page = visitor.post(f"{PATH}{lin.pk}/roles/", {"roles": ["reviewer", "audit_admin"]}).content.decode()
    assert "同一人不能兼任：审计管理员与复核员。" in page
