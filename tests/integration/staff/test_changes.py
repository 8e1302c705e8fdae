"""Giving power takes two security administrators, neither of them the person concerned; taking it away takes one."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.core.cache import caches
from django.db import IntegrityError, transaction

from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import MovedMeanwhile, NotAllowed, Refused
from regions.staff import changes
from regions.staff.models import Account, ChangeState, RoleGrant, StaffChange
from regions.staff.roles import Role
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import hire
from tests.integration.sources.officials import at_desk
from tests.integration.staff.people import AT, LATER, NEW, PATH, email_of


@pytest.fixture
def lin(beta: City, monkeypatch: pytest.MonkeyPatch) -> Account:
    """A reviewer and approver; ``an`` and ``bo`` are security administrators."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)
    for name in ("an", "bo"):
        hire(name, Role.SECURITY_ADMIN, now=AT)
    account = hire("lin", Role.REVIEWER, Role.APPROVER, now=AT)
    account.email = "lin@example.cn"
    account.save()
    return account


@pytest.fixture
def security(lin: Account) -> Visitor:
    return Visitor.as_account("an", now=AT).in_english()


@pytest.fixture
def second(lin: Account) -> Visitor:
    return Visitor.as_account("bo", now=AT).in_english()


def propose_new(
    *, by: str = "an", username: str = "new", email: str = "new@example.cn", role: str = "reviewer"
) -> StaffChange:
    return changes.propose_account(
        username=username, full_name="新", office="办", email=email, roles=[role], reason="x", by=by, now=AT
    )


# Each as one security administrator alone would have it.
PROPOSALS: dict[str, Callable[[Account, str], StaffChange]] = {
    "account": lambda _, by: propose_new(by=by),
    "roles": lambda lin, by: changes.propose_roles(lin.pk, roles=["rule_manager"], reason="x", by=by, now=AT),
    "reset": lambda lin, by: changes.propose_reset(lin.pk, reason="x", by=by, now=AT),
    "email": lambda lin, by: changes.propose_email(lin.pk, email="l@example.cn", reason="x", by=by, now=AT),
    "reopening": lambda lin, by: changes.propose_reopening(
        changes.close_account(lin.pk, by="an", now=AT).pk, reason="x", by=by, now=AT
    ),
}


def test_a_change_says_whose_account_it_is_by_name(lin: Account, second: Visitor) -> None:
    lin.full_name = "林"
    lin.save()
    caches["template_fragments"].clear()
    for change, named in ((propose_new(), "新 (new)"), (PROPOSALS["roles"](lin, "an"), "林 (lin)")):
        for path in (PATH, f"{PATH}changes/{change.pk}/"):
            assert named in second.read(path), path


@pytest.mark.parametrize("kind", PROPOSALS)
def test_every_kind_takes_two_and_changes_nothing_before(lin: Account, kind: str) -> None:
    change = PROPOSALS[kind](lin, "an")
    lin.refresh_from_db()
    before = (Account.objects.count(), lin.email, lin.is_active, lin.roles, lin.password)
    with pytest.raises(Refused, match="does not approve"):
        changes.confirm(change.pk, by="an", now=AT)
    for nobody in ("lin", "nobody", "new"):
        with pytest.raises(NotAllowed):
            changes.confirm(change.pk, by=nobody, now=AT)
    with pytest.raises(IntegrityError, match="proposer_is_not_approver"), transaction.atomic():
        StaffChange.objects.filter(pk=change.pk).update(state="refused", decided_by="an", decided_at=AT)
    lin.refresh_from_db()
    assert (Account.objects.count(), lin.email, lin.is_active, lin.roles, lin.password) == before
    changes.confirm(change.pk, by="bo", now=LATER)
    lin.refresh_from_db()
    assert (Account.objects.count(), lin.email, lin.is_active, lin.roles, lin.password) != before
    with pytest.raises(MovedMeanwhile):
        changes.confirm(change.pk, by="bo", now=LATER)
    proposed, confirmed = (
        JournalEntry.objects.get(verb=f"staff.change_{verb}", subject=change.subject)
        for verb in ("proposed", "confirmed")
    )
    assert (proposed.by, confirmed.by, confirmed.data["proposed_by"]) == ("an", "bo", "an")
    assert (confirmed.data["from"], confirmed.data["to"]) == ("proposed", "confirmed")
    # Old and new values.
    assert all(len(pair) == 2 for pair in confirmed.data["settings"].values())
    assert confirmed.data["settings"]


@pytest.mark.parametrize("kind", [kind for kind in PROPOSALS if kind != "account"])
def test_nobody_proposes_or_confirms_what_is_about_themselves(lin: Account, kind: str) -> None:
    own = Account.objects.get(username="bo")
    Account.objects.filter(pk=own.pk).update(email="bo@example.cn")
    hire("cai", Role.SECURITY_ADMIN, now=AT)
    if kind == "roles":
        change = changes.propose_roles(own.pk, roles=["auditor"], reason="x", by="an", now=AT)
    elif kind == "reopening":
        # While closed they are nobody; this is what a row would say that was written past the verbs.
        changes.close_account(own.pk, by="an", now=AT)
        change = changes.propose_reopening(own.pk, reason="x", by="an", now=AT)
        Account.objects.filter(pk=own.pk).update(is_active=True)
    else:
        change = PROPOSALS[kind](own, "an")
    with pytest.raises(Refused, match="own account"):
        PROPOSALS[kind](Account.objects.get(username="an"), "an")
    with pytest.raises(Refused, match="own account"):
        changes.confirm(change.pk, by="bo", now=AT)
    with pytest.raises(IntegrityError, match="third_person"), transaction.atomic():
        StaffChange.objects.filter(pk=change.pk).update(state="refused", decided_by="bo", decided_at=AT)


def test_a_proposal_expires_and_makes_room_for_another(lin: Account) -> None:
    old = propose_new()
    with pytest.raises(Refused, match="waiting already"):
        propose_new(username="NEW", email="other@example.cn")
    late = old.expires_at
    assert late == AT + timedelta(days=7)
    with pytest.raises(Refused, match="expired"):
        changes.confirm(old.pk, by="bo", now=late)
    fresh = changes.propose_account(
        username="new", full_name="", office="", email="n@example.cn", roles=["auditor"], reason="x", by="an", now=late
    )
    old.refresh_from_db()
    assert (old.state, fresh.state) == (ChangeState.EXPIRED, ChangeState.PROPOSED)
    with pytest.raises(MovedMeanwhile):
        changes.confirm(old.pk, by="bo", now=late)


def test_what_somebody_proposed_who_was_closed_since_is_not_confirmed(lin: Account) -> None:
    change = propose_new()
    changes.close_account(Account.objects.get(username="an").pk, by="bo", now=AT)
    with pytest.raises(Refused, match="no longer has the role for it"):
        changes.confirm(change.pk, by="bo", now=AT)
    changes.refuse(change.pk, reason="x", by="bo", now=AT)


def test_what_was_shown_is_what_is_confirmed(lin: Account) -> None:
    """Of an account that has changed meanwhile nothing is confirmed: neither wider roles nor a link to another address."""
    roles = PROPOSALS["roles"](lin, "an")
    changes.withdraw_roles(lin.pk, keep=["reviewer"], by="an", now=AT)
    reset, email = PROPOSALS["reset"](lin, "an"), PROPOSALS["email"](lin, "an")
    changes.confirm(email.pk, by="bo", now=AT)
    for change in (roles, reset):
        with pytest.raises(Refused, match="has changed since"):
            changes.confirm(change.pk, by="bo", now=AT)
    assert (set(lin.roles), email_of("lin")) == ({Role.REVIEWER}, "l@example.cn")


def test_names_and_addresses_are_judged_again(lin: Account) -> None:
    first, second = propose_new(), propose_new(username="newer")
    changes.confirm(first.pk, by="bo", now=AT)
    with pytest.raises(Refused, match="'new' has this address"):
        changes.confirm(second.pk, by="bo", now=AT)
    with pytest.raises(Refused, match="'lin' has this address"):
        propose_new(username="newest", email="Lin@Example.cn")
    assert not Account.objects.filter(username__in=["newer", "newest"]).exists()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"roles": ["reviewer", "system_admin"]}, "may not hold both: reviewer and system_admin"),
        ({"roles": ["auditor", "reviewer"]}, "may not hold both"),
        ({"roles": ["king"]}, "no such role"),
        ({"roles": []}, "at least one role"),
        ({"username": "a:b"}, "cannot be a user name"),
        ({"username": "LIN"}, "there is an account"),
        ({"email": "nobody"}, "no e-mail address"),
        ({"email": "a@example.cn\nbcc: x@example.cn"}, "no e-mail address"),
        ({"reason": " "}, "Say why"),
    ],
)
def test_what_cannot_be_is_not_even_proposed(lin: Account, changed: dict[str, object], why: str) -> None:
    values = {
        "username": "new",
        "full_name": "",
        "office": "",
        "email": "n@example.cn",
        "roles": ["auditor"],
        "reason": "x",
    }
    with pytest.raises(Refused, match=why):
        changes.propose_account(**{**values, **changed}, by="an", now=AT)  # type: ignore[arg-type]
    assert not StaffChange.objects.exists()


def test_to_take_away_takes_one_and_never_the_last_administrator(lin: Account) -> None:
    changes.withdraw_roles(lin.pk, keep=["approver"], by="an", now=LATER)
    assert dict(RoleGrant.objects.filter(account=lin, revoked_at=None).values_list("role", "granted_at")) == {
        "approver": AT
    }
    assert JournalEntry.objects.get(verb="staff.roles_changed").data == {"given": [], "withdrawn": ["reviewer"]}
    with pytest.raises(Refused, match="second administrator confirms"):
        changes.withdraw_roles(lin.pk, keep=["approver", "rule_manager"], by="an", now=LATER)
    with pytest.raises(Refused, match="at least one role"):
        changes.withdraw_roles(lin.pk, keep=[], by="an", now=LATER)
    an, bo = (Account.objects.get(username=name).pk for name in ("an", "bo"))
    with pytest.raises(Refused, match="own account"):
        changes.close_account(an, by="an", now=LATER)
    with pytest.raises(Refused, match="own account"):
        changes.withdraw_roles(an, keep=["security_admin"], by="an", now=LATER)
    changes.close_account(bo, by="an", now=LATER)
    with pytest.raises(NotAllowed):
        changes.close_account(an, by="bo", now=LATER)
    assert Account.objects.get(pk=an).is_active


@pytest.mark.parametrize("by", ["lin", "system", "operator:mo", "nobody"])
def test_only_security_administrators_propose_and_take_away(lin: Account, by: str) -> None:
    for act in PROPOSALS.values():
        with pytest.raises(NotAllowed):
            act(lin, by)
    with pytest.raises(NotAllowed):
        changes.send_again(lin.pk, by=by, now=AT)
    assert not StaffChange.objects.filter(proposed_by=by).exists()


def test_a_closed_account_is_out_at_once(lin: Account, security: Visitor) -> None:
    worker = at_desk("mei", "reviewer", now=AT)
    assert worker.get("/staff/").status_code == 200
    mei = Account.objects.get(username="mei")
    with pytest.raises(Refused, match="The account is open"):
        changes.propose_reopening(mei.pk, reason="x", by="an", now=AT)
    Account.objects.filter(pk=mei.pk).update(email="mei@example.cn")
    assert security.post(f"{PATH}{mei.pk}/close/").status_code == 302
    assert worker.get("/staff/").headers["Location"].startswith("/staff/sign-in/")
    change = changes.propose_reopening(mei.pk, reason="x", by="an", now=AT)
    changes.confirm(change.pk, by="bo", now=AT)
    assert worker.get("/staff/").headers["Location"].startswith("/staff/sign-in/")
    mei.refresh_from_db()
    assert (mei.is_active, mei.has_usable_password(), set(mei.roles)) == (True, False, {Role.REVIEWER})


def test_the_pages_from_proposal_to_confirmation(lin: Account, security: Visitor, second: Visitor) -> None:
    page = security.post(f"{PATH}new/", {**NEW, "roles": ["reviewer", "audit_admin"]}).content.decode()
    assert "may not hold both" in page
    assert "This field is required" in security.post(f"{PATH}new/", {**NEW, "note": ""}).content.decode()
    assert "has this address" in security.post(f"{PATH}new/", {**NEW, "email": "lin@example.cn"}).content.decode()
    where = security.post(f"{PATH}new/", NEW).headers["Location"]
    assert not Account.objects.filter(username="new").exists()
    own = security.read(where)
    assert "You may take it back" in own
    assert 'value="confirm"' not in own
    assert "new@example.cn" in (seen := second.read(where))
    assert 'value="confirm"' in seen
    assert where in second.read(PATH)
    assert "Changes of staff to confirm" in second.read("/staff/")
    security.post(f"{where}decide/", {"verb": "confirm"})
    assert not Account.objects.filter(username="new").exists()
    second.post(f"{where}decide/", {"verb": "confirm"})
    assert Account.objects.get(username="new").office == "市卫健委"
    assert "Confirmed and in force." in second.read(where)
    refused = security.post(f"{PATH}{lin.pk}/roles/", {"roles": ["rule_manager"], "note": "x"})
    change = StaffChange.objects.latest("pk")
    assert refused.headers["Location"] == f"{PATH}{lin.pk}/"
    second.post(f"{PATH}changes/{change.pk}/decide/", {"verb": "refuse", "reason": ""})
    change.refresh_from_db()
    assert change.state == "proposed"
    second.post(f"{PATH}changes/{change.pk}/decide/", {"verb": "refuse", "reason": "nein"})
    change.refresh_from_db()
    assert (change.state, set(lin.roles)) == ("refused", {Role.REVIEWER, Role.APPROVER})
    security.post(f"{PATH}{lin.pk}/roles/", {"roles": ["reviewer"]})
    assert lin.roles == {Role.REVIEWER}
    for kind in ("reset", "email"):
        data = {"kind": kind, "reason": "x", "email": "lin2@example.cn"}
        where = security.post(f"{PATH}{lin.pk}/propose/", data).headers["Location"]
        security.post(f"{where}decide/", {"verb": "withdraw"})
    assert list(StaffChange.objects.order_by("-pk").values_list("kind", "state")[:2]) == [
        ("email", "withdrawn"),
        ("reset", "withdrawn"),
    ]


def test_a_reset_ends_sessions_codes_and_a_lock_out(lin: Account) -> None:
    worker = at_desk("mei", "reviewer", now=AT)
    mei = Account.objects.get(username="mei")
    Account.objects.filter(pk=mei.pk).update(email="mei@example.cn")
    AccessAttempt.objects.create(username="mei", ip_address="203.0.113.1", failures_since_start=5)
    change = changes.propose_reset(mei.pk, reason="x", by="an", now=AT)
    assert worker.get("/staff/").status_code == 200
    changes.confirm(change.pk, by="bo", now=AT)
    assert worker.get("/staff/").headers["Location"].startswith("/staff/sign-in/")
    mei.refresh_from_db()
    assert not mei.has_usable_password()
    assert not Authenticator.objects.filter(user=mei).exists()
    assert not AccessAttempt.objects.exists()


def test_nobody_else_comes_here_and_missing_is_404(lin: Account, security: Visitor) -> None:
    for role in ("system_admin", "audit_admin", "approver"):
        assert at_desk(f"one-{role}", role, now=AT).get(PATH).status_code == 403
    assert "Reviewer" in security.read(PATH)
    assert "Another security administrator changes it." in security.read(
        f"{PATH}{Account.objects.get(username='an').pk}/"
    )
    assert security.get(f"{PATH}9999/").status_code == 404
    for act in ("9999/roles", "9999/close", "9999/link", "9999/propose", "changes/9999/decide"):
        assert security.post(f"{PATH}{act}/").status_code == 404


def test_the_pages_speak_chinese(lin: Account) -> None:
    visitor = Visitor.as_account("bo", now=AT)
    page = visitor.post(f"{PATH}{lin.pk}/roles/", {"roles": ["reviewer", "audit_admin"], "note": "x"}).content.decode()
    assert "同一人不能兼任：审计管理员与复核员。" in page


def test_the_list_says_of_an_account_what_its_page_says(lin: Account, security: Visitor) -> None:
    """Who came by single sign-on never changed the password that nobody uses, and has signed in all the same."""
    lin.set_password("nobody uses it")
    lin.must_change_password, lin.last_login = True, AT
    lin.save()

    listed = next(row for row in security.read(PATH).split("<tr>") if "lin</a>" in row or ">lin<" in row)
    page = security.read(f"{PATH}{lin.pk}/")

    assert "not signed in" not in listed
    state = re.sub("<[^>]*>", "", page.split("<dt>State</dt>")[1].split("</div>")[0]).strip()
    assert state
    assert state in listed
