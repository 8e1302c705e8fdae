"""Creating accounts: checks, the operator's own way, and the step that all ways share; and the names of accounts' holders.

A city's security administrators change staff by ``regions.staff.changes``.
"""

import secrets
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext, pgettext_lazy

from regions.journal.record import record
from regions.proposals import require_operator
from regions.refusals import Refused
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role, excluded_pairs, is_username
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
    BAD_EMAIL = "bad_email", _("'{email}' is no e-mail address.")
    EMAIL_TAKEN = "email_taken", _("The account '{name}' has this address: whoever reads one mail box is one person.")
    NO_EMAIL = "no_email", _("The account has no e-mail address, to which a link could be sent. Propose one first.")
    CHANGES_NOTHING = "changes_nothing", pgettext_lazy("account", "It is so already: there is nothing to change.")
    ONLY_TAKES_AWAY = "only_takes_away", _("This only takes roles away, which needs no second administrator.")
    GIVES_ROLES = "gives_roles", _("This gives roles, which a second administrator confirms.")
    HAS_ADMINISTRATOR = (
        "has_administrator",
        _("The city has a security administrator, who sends links to enrol."),
    )
    IS_OPEN = "is_open", _("The account is open.")
    IS_CLOSED = "is_closed", _("The account is closed. Propose first that it is opened again.")
    ACCOUNT_MOVED = (
        "account_moved",
        _("The account has changed since this was proposed. Refuse it and have it proposed anew."),
    )
    CHANGE_EXPIRED = "change_expired", _("This proposal has expired. Have it proposed anew.")
    ENROLLED = "enrolled", _("The account waits for no link: its password is chosen. Propose a reset if it is lost.")


ONE_TIME_PASSWORD_BYTES = 12
# Slow hashes compensate for guessable passwords. 96 random bits cannot be guessed however fast they are tried, and signing in
# hashes them again at full strength.
ROUNDS_FOR_RANDOM_BITS = 1_000


def add_staff(
    *, username: str, roles: Iterable[str], by: str, now: datetime, full_name: str = ""
) -> tuple[Account, str]:
    """Create an account with a one-time password, as the operator at the console, for a sealed print. Raises ``Refused``.

    Security administrators do not use it: theirs are proposed, and the first secret is sent to the person alone.
    """
    require_operator(by)
    wanted = checked_roles(roles)
    check_username(username)
    password = one_time_password()
    with transaction.atomic():
        account = create_account(
            Account(username=username, full_name=full_name, password=hash_of_random_bits(password)),
            wanted,
            by=by,
            now=now,
        )
    return account, password


def create_account(account: Account, roles: set[Role], *, by: str, now: datetime) -> Account:
    """Save a new account with its roles; without a password, it gets an unusable one. Raises ``Refused``."""
    if Account.objects.filter(username__iexact=account.username).exists():
        raise Refused(StaffReason.NAME_TAKEN, name=account.username)
    check_email_is_free(account.email, account)
    if not account.password:
        account.set_unusable_password()
    account.created_at = now
    account.save()
    RoleGrant.objects.bulk_create(
        RoleGrant(account=account, role=role.value, granted_by=by, granted_at=now) for role in sorted(roles)
    )
    record("staff.added", by=by, now=now, subject=f"staff:{account.username}", data={"roles": sorted(roles)})
    return account


def check_username(username: str) -> None:
    """Raise ``Refused`` for a text that cannot be a user name."""
    if not is_username(username):
        raise Refused(StaffReason.BAD_NAME, name=username)


def checked_email(email: str) -> str:
    """Return the address, stripped. Raises ``Refused`` if it is not one."""
    stripped = email.strip()
    try:
        validate_email(stripped)
    except ValidationError:
        raise Refused(StaffReason.BAD_EMAIL, email=stripped[:100]) from None
    return stripped


def check_email_is_free(email: str, account: Account) -> None:
    """Raise ``Refused`` if another account has the address."""
    other = Account.objects.filter(email__iexact=email).exclude(pk=account.pk).first() if email else None
    if other is not None:
        raise Refused(StaffReason.EMAIL_TAKEN, name=other.username)


def one_time_password() -> str:
    """Return a random password, which the person replaces at the first sign-in."""
    return secrets.token_urlsafe(ONE_TIME_PASSWORD_BYTES)


def hash_of_random_bits(password: str) -> str:
    hasher = PBKDF2PasswordHasher()
    return hasher.encode(password, hasher.salt(), iterations=ROUNDS_FOR_RANDOM_BITS)


def checked_roles(roles: Iterable[str]) -> set[Role]:
    """Return the roles that one person is to hold together. Raises ``Refused``."""
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


def other_account(account_id: int, by: str) -> Account:
    """Return the account, locked. Raises ``Refused`` if it does not exist or is the caller's own."""
    account = Account.objects.select_for_update().filter(pk=account_id).first()
    if account is None:
        raise Refused(StaffReason.NO_SUCH_ACCOUNT)
    if account.username == by:
        raise Refused(StaffReason.YOURSELF)
    return account


def journal(verb: str, account: Account, *, by: str, now: datetime, **data: Any) -> None:
    record(verb, by=by, now=now, subject=f"staff:{account.username}", data=data)


def full_name_of(username: str) -> str:
    """Return the full name of an account of this city, with the user name added where two people share the name.

    Return the user name if there is no such account or it has no name. One query reads all names of the city; they are cached for
    some minutes.
    """
    kept = caches["template_fragments"]
    names: dict[str, str] = kept.get("names_of_accounts", {})
    if username not in names:
        found = {account.username: account.get_full_name() for account in Account.objects.only("username", "full_name")}
        shared = {name for name, times in Counter(found.values()).items() if times > 1}
        alone = {one: f"{name} ({one})" if name in shared else name for one, name in found.items()}
        names = {**names, username: username, **alone}
        kept.set("names_of_accounts", names)
    return names[username]
