"""Changing accounts: by a security administrator, and never one's own. Every act is journalled."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from regions.journal.record import record
from regions.proposals import require_role
from regions.refusals import Refused
from regions.staff.accounts import checked_roles, hash_of_random_bits, one_time_password
from regions.staff.models import Account, RoleGrant
from regions.staff.reasons import StaffReason
from regions.staff.roles import Role


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
    """A new one-time password, told once; whoever is signed in with the old one is signed out. Raises ``Refused``."""
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
