"""How long a member of staff stays signed in, and that nobody works before password and one-time codes are their own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.web.access import redirect_page, with_next
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


KEY = "staff"
TOUCH_SECONDS = 60
# Pages a person may see whatever else is missing: the steps themselves, the way out, and how pages look.
ON_THE_WAY = frozenset(
    {
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "mfa_activate_totp",
        "mfa_reauthenticate",
        "mfa_view_recovery_codes",
        "display",
        "switch_size",
        "switch_language",
    }
)

Answer = Callable[[HttpRequest], HttpResponse]


class SessionLimitsMiddleware:
    """Ends idle and long sessions, and leads new accounts through their first steps."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing before the address is known."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """None to go on, or where to go instead."""
        account = request.user
        if not isinstance(account, Account):
            return None
        now = timezone.now()
        if _has_ended(request, now):
            logout(request)
            messages.warning(
                request, _("You were signed out because nothing happened for a while. Please sign in again.")
            )
            return redirect_page(request, with_next(reverse("account_login"), request))
        _touch(request, now)
        here = request.resolver_match.url_name if request.resolver_match else ""
        if here in ON_THE_WAY or request.session[KEY].get("ready"):
            return None
        step = next_step(request, account)
        if step:
            return redirect_page(request, reverse(step))
        request.session[KEY] = {**request.session[KEY], "ready": True}
        return None


def begin(request: HttpRequest, *, now: datetime) -> None:
    """Start the clocks of a session that has just been signed in to."""
    request.session[KEY] = {"since": now.timestamp(), "seen": now.timestamp()}


def check_again(request: HttpRequest) -> None:
    """Ask for the first steps again, after one of them was undone."""
    request.session[KEY] = {key: value for key, value in request.session[KEY].items() if key != "ready"}


def _has_ended(request: HttpRequest, now: datetime) -> bool:
    clocks = request.session.get(KEY)
    if clocks is None:
        return True
    idle, whole = now.timestamp() - clocks["seen"], now.timestamp() - clocks["since"]
    return bool(idle > settings.STAFF_IDLE.total_seconds() or whole > settings.STAFF_LONGEST.total_seconds())


def _touch(request: HttpRequest, now: datetime) -> None:
    """Remember the moment, at most once a minute."""
    clocks = request.session[KEY]
    if now.timestamp() - clocks["seen"] > TOUCH_SECONDS:
        request.session[KEY] = {**clocks, "seen": now.timestamp()}


NAME_KEPT = 150


def locked_out(request: HttpRequest, _response: HttpResponse | None, _credentials: dict[str, Any]) -> HttpResponse:
    """429, the same whether the name exists or not."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return render(request, "account/locked_out.html", {"minutes": minutes}, status=429)


def name_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The name an attempt is counted for, however its letters are cased; what is checked calls it ``username``, the form ``login``."""
    name = (credentials or {}).get("username") or request.POST.get("login", "")
    return str(name).casefold()[:NAME_KEPT]
