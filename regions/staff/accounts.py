"""Making accounts and giving roles. Every act is journalled with who did it."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import transaction

from regions.journal.record import record
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role, excluded_pairs

ONE_TIME_PASSWORD_BYTES = 12
# Slow hashes make up for what people choose. 96 random bits cannot be guessed however fast they are tried, and the sign-in
# hashes them anew at full strength.
ROUNDS_FOR_RANDOM_BITS = 1_000


class CannotAddStaff(ValueError):
    """The account cannot be made as asked; the message says why and what would work."""


def add_staff(
    *, username: str, roles: Iterable[str], by: str, now: datetime, full_name: str = ""
) -> tuple[Account, str]:
    """Make an account with these roles in the current city: (account, one-time password).

    Raises ``CannotAddStaff`` for an unknown role, roles that exclude each other, or a name already taken.
    """
    wanted = _known_roles(roles)
    if pairs := excluded_pairs(wanted):
        named = "; ".join(f"{a} and {b}" for a, b in pairs)
        raise CannotAddStaff(f"one person may not hold both: {named}. Make separate accounts.")
    if not username.strip() or username == "system" or ":" in username:
        # The journal and the review name the portal `system` and a citizen `citizen:<ref>`; nobody may pass for either.
        raise CannotAddStaff(f"{username!r} cannot be a user name: it is empty, the portal's own, or holds a colon")
    password = secrets.token_urlsafe(ONE_TIME_PASSWORD_BYTES)
    with transaction.atomic():
        if Account.objects.filter(username=username).exists():
            raise CannotAddStaff(f"there is an account named {username!r} already")
        account = Account(username=username, full_name=full_name, created_at=now)
        account.password = _hash_of_random_bits(password)
        account.save()
        RoleGrant.objects.bulk_create(
            RoleGrant(account=account, role=role.value, granted_by=by, granted_at=now) for role in sorted(wanted)
        )
        record("staff.added", by=by, now=now, subject=f"staff:{username}", data={"roles": sorted(wanted)})
    return account, password


def _hash_of_random_bits(password: str) -> str:
    hasher = PBKDF2PasswordHasher()
    return hasher.encode(password, hasher.salt(), iterations=ROUNDS_FOR_RANDOM_BITS)


def _known_roles(roles: Iterable[str]) -> set[Role]:
    asked = list(roles)
    unknown = sorted({role for role in asked if role not in set(Role)})
    if unknown:
        raise CannotAddStaff(f"no such role: {', '.join(unknown)}; there are {', '.join(Role)}")
    if not asked:
        raise CannotAddStaff("an account needs at least one role")
    return {Role(role) for role in asked}
