"""What stands between a new account and its work: a password of its own, and one-time codes."""

from datetime import datetime, timedelta

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from regions.staff.models import Account

JUST_NOW = timedelta(minutes=5)


def has_one_time_codes(account: Account) -> bool:
    """Whether an authenticator app is set up."""
    return bool(Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists())


def codes_are_settled(account: Account, *, now: datetime) -> bool:
    """Whether codes were set up, and not just now: the page after that shows the recovery codes without asking again."""
    held = Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP, created_at__lt=now - JUST_NOW)
    return bool(held.exists())


def came_by_single_sign_on(request: HttpRequest) -> bool:
    """Whether the city's own sign-on vouched for this session, so that our password does not matter."""
    return any(one["method"] == "socialaccount" for one in get_authentication_records(request, request.user))


def next_step(request: HttpRequest, account: Account) -> str:
    """The name of the page the account must pass next, empty when it is ready to work."""
    if account.must_change_password and not came_by_single_sign_on(request):
        return "account_change_password"
    return "" if has_one_time_codes(account) else "mfa_activate_totp"
