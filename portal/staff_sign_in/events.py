"""Journal entries for signing in and out, lockouts, and changes of passwords and codes."""

from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa.signals import authenticator_added, authenticator_removed
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from portal.staff_sign_in import limits
from portal.web.sessions import CITIZEN
from regions.actors import SYSTEM
from regions.journal.record import record
from regions.staff.models import Account


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: Account, **_: Any) -> None:
    """Start the session's time limits, and end a citizen's session in the same browser."""
    request.session.pop(CITIZEN, None)
    limits.begin(request, now=timezone.now())
    _journal("staff.signed_in", user.username)


@receiver(user_logged_out)
def signed_out(user: Account | None, **_: Any) -> None:
    """Record signing out, by the button or because the session ended."""
    if user is not None:
        _journal("staff.signed_out", user.username)


@receiver(user_locked_out)
def locked_out(username: str | None = None, **_: Any) -> None:
    """Record a lockout, only for existing accounts: other typed text may be anything, such as a password."""
    account = Account.objects.filter(username__iexact=username or "").first()
    if account is not None:
        _journal("staff.locked_out", account.username, by=SYSTEM)


@receiver(password_changed)
def password_was_changed(user: Account, **_: Any) -> None:
    """Record the change. A one-time password has to be changed only once."""
    with transaction.atomic():
        Account.objects.filter(pk=user.pk).update(must_change_password=False)
        record("staff.password_changed", by=user.username, now=timezone.now(), subject=f"staff:{user.username}")
    user.must_change_password = False


@receiver(authenticator_added)
def codes_were_set_up(user: Account, authenticator: Any, **_: Any) -> None:
    """Record that one-time codes or recovery codes were set up."""
    _journal("staff.codes_set_up", user.username, kind=authenticator.type)


@receiver(authenticator_removed)
def codes_were_removed(request: HttpRequest, user: Account, authenticator: Any, **_: Any) -> None:
    """Record the removal. The account must set up new codes before it can continue."""
    limits.check_again(request)
    _journal("staff.codes_removed", user.username, kind=authenticator.type)


def _journal(verb: str, username: str, *, by: str = "", **data: str) -> None:
    with transaction.atomic():
        record(verb, by=by or username, now=timezone.now(), subject=f"staff:{username}", data=data)
