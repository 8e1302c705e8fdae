"""Time limits of staff sessions, and the first steps that an account must complete: its own password and one-time codes."""

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
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from portal.web.access import redirect_page, with_next
from portal.web.errors import retry_at, retry_later
from portal.web.renewing import is_unattended
from regions.staff.models import Account

JUST_NOW = timedelta(minutes=5)


def has_one_time_codes(account: Account) -> bool:
    return bool(Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists())


def has_established_codes(account: Account, *, now: datetime) -> bool:
    """Return whether codes were set up more than ``JUST_NOW`` ago.

    Right after setup, the recovery codes are shown without asking again.
    """
    found = Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP, created_at__lt=now - JUST_NOW)
    return bool(found.exists())


def signed_in_by_single_sign_on(request: HttpRequest) -> bool:
    """Return whether the session was opened by the city's single sign-on, in which case the account's password does not matter."""
    return any(one["method"] == "socialaccount" for one in get_authentication_records(request, request.user))


def next_step(request: HttpRequest, account: Account) -> str:
    """Return the URL name of the next step that the account must complete, or an empty string if there is none."""
    if account.must_change_password and not signed_in_by_single_sign_on(request):
        return "account_change_password"
    return "" if has_one_time_codes(account) else "mfa_activate_totp"


KEY = "staff"
TOUCH_SECONDS = 60
# Pages available before all steps are completed: the steps themselves, signing out, and display settings.
ALWAYS_ALLOWED = frozenset(
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


class SessionLimitsMiddleware(MiddlewareMixin):
    """End idle and long sessions, and redirect new accounts to their first steps."""

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Return a redirect, or ``None`` to continue."""
        account = request.user
        if not isinstance(account, Account):
            return None
        now = timezone.now()
        if why := _why_ended(request, now):
            logout(request)
            messages.warning(request, why)
            return redirect_page(request, with_next(reverse("account_login"), request))
        if not is_unattended(request):
            _touch(request, now)
        url_name = request.resolver_match.url_name if request.resolver_match else ""
        if url_name in ALWAYS_ALLOWED or request.session[KEY].get("ready"):
            return None
        step = next_step(request, account)
        if step:
            return redirect_page(request, reverse(step))
        request.session[KEY] = {**request.session[KEY], "ready": True}
        return None


def begin(request: HttpRequest, *, now: datetime) -> None:
    """Start the time limits of a new session."""
    request.session[KEY] = {"since": now.timestamp(), "seen": now.timestamp()}


def check_again(request: HttpRequest) -> None:
    """Check the first steps again after one of them was undone."""
    request.session[KEY] = {key: value for key, value in request.session[KEY].items() if key != "ready"}


def _why_ended(request: HttpRequest, now: datetime) -> str:
    """Return the sentence about why the session has ended, or an empty string if it goes on."""
    clocks = request.session.get(KEY)
    if clocks is None or now.timestamp() - clocks["seen"] > settings.STAFF_IDLE.total_seconds():
        return _("You were signed out because nothing happened for a while. Please sign in again.")
    if now.timestamp() - clocks["since"] > settings.STAFF_LONGEST.total_seconds():
        hours = round(settings.STAFF_LONGEST.total_seconds() / 3600)
        return _("You were signed out because a session lasts %(hours)s hours at most. Please sign in again.") % {
            "hours": hours
        }
    return ""


def _touch(request: HttpRequest, now: datetime) -> None:
    clocks = request.session[KEY]
    if now.timestamp() - clocks["seen"] > TOUCH_SECONDS:
        request.session[KEY] = {**clocks, "seen": now.timestamp()}


USERNAME_CHARACTERS = 150


def locked_out(request: HttpRequest, _response: HttpResponse | None, _credentials: dict[str, Any]) -> HttpResponse:
    """Return a response with status 429. It is the same whether the user name exists or not."""
    wait = int(settings.AXES_COOLOFF_TIME.total_seconds())
    context = {"minutes": wait // 60, "at": retry_at(wait)}
    return retry_later(render(request, "account/locked_out.html", context, status=429), wait)


def attempted_username(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Return the casefolded user name for which axes counts the attempt: ``username`` in credentials, ``login`` in the form."""
    name = (credentials or {}).get("username") or request.POST.get("login", "")
    return str(name).casefold()[:USERNAME_CHARACTERS]
