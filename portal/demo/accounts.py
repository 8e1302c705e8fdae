"""Accounts of the demo, ready to sign in: one password and one secret for one-time codes, new at each start."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from random import Random
from urllib.parse import quote

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from portal.demo.filling import BY
from portal.demo.names import chinese_name
from portal.staff_sign_in.adapters import encrypt_secret
from regions.journal.record import record
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role
from regions.tenancy import in_city

PASSWORD_BYTES = 12
# The operator's accounts, in no city: those who open cities, and one who reads the journal of that.
OPERATORS = {
    "operator": Role.SYSTEM_ADMIN,
    "operator_second": Role.SYSTEM_ADMIN,
    "operator_audit": Role.AUDIT_ADMIN,
}
# A second account for roles that decide about each other's proposals or look at each other's decisions.
SECOND = {
    "security_admin_second": Role.SECURITY_ADMIN,
    "reviewer_second": Role.REVIEWER,
    "system_admin_second": Role.SYSTEM_ADMIN,
}
REVIEWERS, APPROVER = (Role.REVIEWER.value, "reviewer_second"), Role.APPROVER.value
OFFICES = {Role.REVIEWER: "复核科", Role.APPROVER: "审批科", Role.SOURCE_MANAGER: "数据科", Role.RULE_MANAGER: "疾控科"}


@dataclass(frozen=True)
class Secrets:
    """The credentials of every account of a demo. They are the same for all, so that one entry in an authenticator app suffices."""

    password: str
    one_time_codes: str

    @classmethod
    def fresh(cls) -> "Secrets":
        """Return new ones."""
        return cls(secrets.token_urlsafe(PASSWORD_BYTES), str(generate_totp_secret()))

    @cached_property
    def hashed(self) -> str:
        """The password's hash, computed once: hashing takes half a second, and there are sixty accounts."""
        return make_password(self.password)

    @property
    def address(self) -> str:
        """The secret as a link for an authenticator app."""
        return f"otpauth://totp/{quote('健康码演示')}?secret={self.one_time_codes}&issuer={quote('健康码演示')}"


@dataclass(frozen=True)
class DemoAccount:
    """The credentials of an account; ``one_time_codes`` is the secret for an authenticator app, ``address`` the same as a link."""

    username: str
    role: Role
    password: str
    one_time_codes: str
    address: str


def demo_accounts(schema: str, given: Secrets | None = None, *, now: datetime | None = None) -> list[DemoAccount]:
    """Return an account for every role of the city, named after it, and a second one for three of them, all with one secret."""
    with in_city(schema):
        wanted = {**{role.value: role for role in Role}, **SECOND}
        return _renewed(wanted.items(), given or Secrets.fresh(), place=schema, now=now or timezone.now())


def operator_accounts(given: Secrets | None = None) -> list[DemoAccount]:
    """Return the operator's accounts. Call in no city."""
    return _renewed(OPERATORS.items(), given or Secrets.fresh(), place="public", now=timezone.now())


def _renewed(wanted: Iterable[tuple[str, Role]], given: Secrets, *, place: str, now: datetime) -> list[DemoAccount]:
    with transaction.atomic():
        accounts = [_ready(username, role, given, place=place, now=now) for username, role in wanted]
        record("staff.demo_secrets", by=BY, now=now, data={"accounts": len(accounts)})
    return accounts


def _ready(username: str, role: Role, given: Secrets, *, place: str, now: datetime) -> DemoAccount:
    account = Account.objects.filter(username=username).first() or _added(username, role, place=place, now=now)
    Account.objects.filter(pk=account.pk).update(password=given.hashed, must_change_password=False)
    Authenticator.objects.filter(user=account).delete()
    encrypted = encrypt_secret(given.one_time_codes, schema=place)
    Authenticator.objects.create(user=account, type=Authenticator.Type.TOTP, data={"secret": encrypted})
    return DemoAccount(username, role, given.password, given.one_time_codes, given.address)


def _added(username: str, role: Role, *, place: str, now: datetime) -> Account:
    """Add an account like ``add_staff``, without the one-time password, which would not be used and takes long to hash."""
    name = chinese_name(Random(f"{place}/{username}"), woman=len(role) % 2 == 0)
    details = {"office": OFFICES.get(role, ""), "email": f"{username}@{place}.example"}
    account = Account.objects.create(username=username, full_name=name, created_at=now, **details)
    RoleGrant.objects.create(account=account, role=role.value, granted_by=BY, granted_at=now)
    record("staff.added", by=BY, now=now, subject=f"staff:{username}", data={"roles": [role.value]})
    return account
