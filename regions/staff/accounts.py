"""Making accounts and giving roles. Every act is journalled with who did it."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import transaction

from regions.journal.record import record
from regions.refusals import Refused
from regions.staff.models import Account, RoleGrant
from regions.staff.reasons import StaffReason
from regions.staff.roles import ROLE_TITLES, Role, excluded_pairs

ONE_TIME_PASSWORD_BYTES = 12
# Slow hashes make up for what people choose. 96 random bits cannot be guessed however fast they are tried, and the sign-in
# hashes them anew at full strength.
ROUNDS_FOR_RANDOM_BITS = 1_000


def add_staff(
    *, username: str, roles: Iterable[str], by: str, now: datetime, full_name: str = ""
) -> tuple[Account, str]:
    """Make an account with these roles in the current city: (account, one-time password).

    Raises ``Refused`` for an unknown role, roles that exclude each other, or a name already taken.
    """
    wanted = checked_roles(roles)
    if not username.strip() or username == "system" or ":" in username:
        # The journal and the review name the portal `system` and a citizen `citizen:<ref>`; nobody may pass for either.
        raise Refused(StaffReason.BAD_NAME, name=username)
    password = one_time_password()
    with transaction.atomic():
        if Account.objects.filter(username=username).exists():
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
    """How a one-time password is stored."""
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
        named_zh = "；".join(f"{ROLE_TITLES[a][0]}与{ROLE_TITLES[b][0]}" for a, b in pairs)
        raise Refused(StaffReason.EXCLUDED, pairs="; ".join(f"{a} and {b}" for a, b in pairs), pairs_zh=named_zh)
    return wanted
