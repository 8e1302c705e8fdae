"""Making accounts and giving roles. Every act is journalled with who did it."""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext

from regions.journal.record import record
from regions.proposals import require_role, require_role_or_operator
from regions.refusals import Refused
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role, excluded_pairs
from regions.vocabulary import label_in


class StaffReason(TextChoices):
    EXCLUDED = "excluded", _("one person may not hold both: {pairs}. Make separate accounts.")
    BAD_NAME = (
        "bad_name",
        _(
            "'{name}' cannot be a user name: use the letters a to z, digits, '.', '-' and '_'; 'system' is the portal's own."
        ),
    )
    NAME_TAKEN = "name_taken", _("there is an account named '{name}' already")
    UNKNOWN_ROLE = "unknown_role", _("no such role: {roles}; there are {all}")
    NO_ROLE = "no_role", _("an account needs at least one role")
    YOURSELF = "yourself", _("Nobody changes their own account here. Ask another security administrator.")
    NO_SUCH_ACCOUNT = "no_such_account", _("There is no such account.")


# The journal names people by it: no name may be taken for another's, for the portal's own (`system`) or a citizen's
# (`citizen:<ref>`), nor hold signs that cannot be seen.
USERNAME = re.compile(r"[A-Za-z0-9._-]{1,80}")
ONE_TIME_PASSWORD_BYTES = 12
# Slow hashes make up for what people choose. 96 random bits cannot be guessed however fast they are tried, and the sign-in
# hashes them anew at full strength.
ROUNDS_FOR_RANDOM_BITS = 1_000


def add_staff(
    *, username: str, roles: Iterable[str], by: str, now: datetime, full_name: str = ""
) -> tuple[Account, str]:
    """Make an account with these roles in the current city: (account, one-time password). Raises ``Refused``."""
    require_role_or_operator(by, Role.SECURITY_ADMIN)
    wanted = checked_roles(roles)
    if not USERNAME.fullmatch(username) or username.lower() == "system":
        raise Refused(StaffReason.BAD_NAME, name=username)
    password = one_time_password()
    with transaction.atomic():
        if Account.objects.filter(username__iexact=username).exists():
            raise Refused(StaffReason.NAME_TAKEN, name=username)
        account = Account(username=username, full_name=full_name, created_at=now)
        account.password = hash_of_random_bits(password)
        account.save()
        RoleGrant.objects.bulk_create(
            RoleGrant(account=account, role=role.value, granted_by=by, granted_at=now) for role in sorted(wanted)
        )
        record("staff.added", by=by, now=now, subject=f"staff:{username}", data={"roles": sorted(wanted)})
    return account, password


def one_time_password() -> str:
    """Random bits, for the person to replace at the first sign-in."""
    return secrets.token_urlsafe(ONE_TIME_PASSWORD_BYTES)


def hash_of_random_bits(password: str) -> str:
    hasher = PBKDF2PasswordHasher()
    return hasher.encode(password, hasher.salt(), iterations=ROUNDS_FOR_RANDOM_BITS)


def checked_roles(roles: Iterable[str]) -> set[Role]:
    """The roles one person is to hold together. Raises ``Refused``."""
    asked = list(roles)
    unknown = sorted({role for role in asked if role not in set(Role)})
    if unknown:
        raise Refused(StaffReason.UNKNOWN_ROLE, roles=", ".join(unknown), all=", ".join(Role))
    if not asked:
        raise Refused(StaffReason.NO_ROLE)
    wanted = {Role(role) for role in asked}
    if pairs := excluded_pairs(wanted):
        in_english = _enumerated("en", [(one.value, other.value) for one, other in pairs])
        in_chinese = _enumerated(
            "zh-hans", [(label_in("zh-hans", one), label_in("zh-hans", other)) for one, other in pairs]
        )
        raise Refused(StaffReason.EXCLUDED, pairs=in_english, pairs_zh=in_chinese)
    return wanted


def _enumerated(language: str, pairs: list[tuple[str, str]]) -> str:
    with override(language):
        each = [pgettext("pair of roles", "{one} and {other}").format(one=one, other=other) for one, other in pairs]
        return pgettext("between pairs", "; ").join(each)


def change_roles(account_id: int, *, roles: Iterable[str], by: str, now: datetime) -> Account:
    """Give the account these roles and no others; what stays is not given anew. Raises ``Refused``."""
    require_role(by, Role.SECURITY_ADMIN)
    wanted = checked_roles(roles)
    with transaction.atomic():
        account = _other(account_id, by)
        held = account.roles
        withdrawn, given = sorted(held - wanted), sorted(wanted - held)
        if withdrawn or given:
            account.grants.filter(role__in=withdrawn, revoked_at__isnull=True).update(revoked_by=by, revoked_at=now)
            RoleGrant.objects.bulk_create(
                RoleGrant(account=account, role=role.value, granted_by=by, granted_at=now) for role in given
            )
            _journal("staff.roles_changed", account, by=by, now=now, given=given, withdrawn=withdrawn)
    return account


def set_active(account_id: int, *, is_active: bool, by: str, now: datetime) -> Account:
    """Close the account, which ends its sessions at once, or open it again with the roles it had. Raises ``Refused``."""
    require_role(by, Role.SECURITY_ADMIN)
    with transaction.atomic():
        account = _other(account_id, by)
        if account.is_active != is_active:
            account.is_active = is_active
            account.save(update_fields=["is_active"])
            _journal("staff.opened" if is_active else "staff.closed", account, by=by, now=now)
    return account


def new_password(account_id: int, *, by: str, now: datetime) -> tuple[Account, str]:
    """A new one-time password, shown once; whoever is signed in with the old one is signed out. Raises ``Refused``."""
    require_role(by, Role.SECURITY_ADMIN)
    password = one_time_password()
    with transaction.atomic():
        account = _other(account_id, by)
        account.password, account.must_change_password = hash_of_random_bits(password), True
        account.save(update_fields=["password", "must_change_password"])
        _journal("staff.password_reset", account, by=by, now=now)
    return account, password


def _other(account_id: int, by: str) -> Account:
    account = Account.objects.select_for_update().filter(pk=account_id).first()
    if account is None:
        raise Refused(StaffReason.NO_SUCH_ACCOUNT)
    if account.username == by:
        raise Refused(StaffReason.YOURSELF)
    return account


def _journal(verb: str, account: Account, *, by: str, now: datetime, **data: Any) -> None:
    record(verb, by=by, now=now, subject=f"staff:{account.username}", data=data)
