"""Accounts and roles: which roles exclude each other; each account has a journal entry and a password that is shown once."""

from datetime import UTC, datetime
from io import StringIO
from itertools import combinations

import pytest
from django.conf import global_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import CommandError, call_command
from pytest_django import Settings

from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import Refused
from regions.staff.accounts import add_staff
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role
from regions.tenancy import in_city

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
ALONE = {Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}


# Each would pass for `taken` or `system` on a page: Cyrillic, full-width, invisible, combining, right-to-left, white space.
LOOK_ALIKES = [
    "t\u0430ken",
    "\uff54aken",
    "taken\u200b",
    "\u2060taken",
    "taken\u00ad",
    "take\u0301n",
    "\u202enekat",
    "taken ",
    "taken\n",
    "ta ken",
    "\u0455ystem",
    "林",
    "a" * 81,
]


@pytest.mark.parametrize("pair", list(combinations(Role, 2)), ids="+".join)
def test_an_administrator_or_auditor_is_nothing_else(alpha: City, pair: tuple[Role, Role]) -> None:
    if ALONE & set(pair):
        with pytest.raises(Refused, match="may not hold both"):
            add_staff(username="lin", roles=pair, by="operator:wang", now=AT)
        assert not Account.objects.exists()
    else:
        account, _ = add_staff(username="lin", roles=pair, by="operator:wang", now=AT)
        assert account.roles == set(pair)


def test_the_password_opens_the_account_once_and_is_kept_nowhere(alpha: City) -> None:
    account, password = add_staff(username="lin", roles=["reviewer"], by="operator:wang", now=AT, full_name="林")

    stored = Account.objects.get(username="lin")
    assert stored.check_password(password)
    assert stored.must_change_password
    assert (stored.full_name, stored.created_at, stored.is_active) == ("林", AT, True)
    assert len(password) >= 16
    assert password not in stored.password
    assert password not in str(list(JournalEntry.objects.values_list("data", flat=True)))
    assert account.pk == stored.pk


def test_making_an_account_is_journalled_with_its_roles(alpha: City) -> None:
    add_staff(username="lin", roles=["approver", "reviewer"], by="operator:wang", now=AT)

    entry = JournalEntry.objects.order_by("-seq")[0]
    assert (entry.verb, entry.by, entry.at, entry.subject) == ("staff.added", "operator:wang", AT, "staff:lin")
    assert entry.data == {"roles": ["approver", "reviewer"]}
    assert set(RoleGrant.objects.values_list("granted_by", "granted_at")) == {("operator:wang", AT)}


@pytest.mark.parametrize(
    ("username", "roles", "why"),
    [
        ("lin", ["king"], "no such role: king"),
        ("lin", [], "at least one role"),
        ("", ["reviewer"], "cannot be a user name"),
        ("system", ["reviewer"], "cannot be a user name"),
        ("citizen:C2E46CWT47BR2", ["reviewer"], "cannot be a user name"),
        ("taken", ["reviewer"], "already"),
        ("Taken", ["reviewer"], "already"),
        ("System", ["reviewer"], "cannot be a user name"),
        *((name, ["reviewer"], "cannot be a user name") for name in LOOK_ALIKES),
    ],
)
def test_what_cannot_be_an_account_is_refused(alpha: City, username: str, roles: list[str], why: str) -> None:
    add_staff(username="taken", roles=["auditor"], by="operator:wang", now=AT)
    entries = JournalEntry.objects.count()

    with pytest.raises(Refused, match=why):
        add_staff(username=username, roles=roles, by="operator:wang", now=AT)

    assert (Account.objects.count(), JournalEntry.objects.count()) == (1, entries)


def test_a_name_is_taken_in_its_own_city_only(db: None) -> None:
    for schema in ("alpha", "beta"):
        with in_city(schema):
            add_staff(username="lin", roles=["reviewer"], by="operator:wang", now=AT)
            assert Account.objects.count() == 1


def test_the_command_prints_a_password_that_opens_the_account(db: None) -> None:
    out = StringIO()
    call_command("add_staff", "--city", "alpha", "lin", "--role", "reviewer", "--role", "approver", stdout=out)

    password = out.getvalue().rsplit(maxsplit=1)[-1]
    with in_city("alpha"):
        account = Account.objects.get(username="lin")
        assert account.check_password(password)
        assert account.roles == {Role.REVIEWER, Role.APPROVER}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--city", "alpha", "lin", "--role", "reviewer", "--role", "system_admin"],
        ["--city", "alpha", "lin", "--role", "king"],
        ["--city", "alpha", "lin"],
        ["--city", "gamma", "lin", "--role", "reviewer"],
    ],
    ids=" ".join,
)
def test_the_command_refuses_with_two(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("add_staff", *arguments)

    assert refused.value.returncode == 2


def test_a_one_time_password_is_hashed_at_full_strength_when_it_is_used(
    beta: City, now: datetime, settings: Settings
) -> None:
    """Random bits need no slow hash; still, what is stored after a sign-in is as strong as a chosen password's."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    account, password = add_staff(username="lin", roles=["reviewer"], by="operator:tests", now=now)
    assert account.password.startswith("pbkdf2_sha256$1000$")
    assert not account.check_password(f"{password}x")
    assert account.check_password(password)
    assert Account.objects.get(username="lin").password.startswith(f"pbkdf2_sha256${PBKDF2PasswordHasher.iterations}$")
