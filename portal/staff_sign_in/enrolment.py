"""The enrolment link of an account: its owner chooses a password and connects an authenticator app once, and then signs in."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, clear_totp_secret
from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from portal.staff_sign_in.forms import EnrolmentForm, use_up
from portal.web.access import for_anyone
from regions.staff.enrolment import enrol, find_link, hash_of_token
from regions.staff.models import Account

KEY = "enrolment"


@for_anyone
@require_safe
@never_cache
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Move the token from the address, which logs and histories keep, into the session.

    Opening the link does not use it up.
    """
    token_hash = hash_of_token(token)
    if find_link(token_hash, now=timezone.now()) is not None:
        request.session[KEY] = token_hash.hex()
    return redirect("enrolment")


@for_anyone
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters()
def enrol_page(request: HttpRequest) -> HttpResponse:
    """Enrol the account.

    If the link is no longer valid, whatever the reason, answer 404 with an explanation of what to do.
    """
    token_hash = bytes.fromhex(request.session.get(KEY, ""))
    link = find_link(token_hash, now=timezone.now())
    if link is None:
        return render(request, "account/enrolment_ended.html", status=404)
    if request.user.is_authenticated:
        # Sign out any other account of this browser. It is done here and not in ``open_link``, because signing out logs
        # the address, which contains the token there.
        logout(request)
        request.session[KEY] = token_hash.hex()
    form = EnrolmentForm(request.POST or None, user=link.account)
    if request.method == "POST" and form.is_valid() and _enrol(request, token_hash, form) is not None:
        messages.success(
            request,
            _("Your password and your one-time codes are set up. Sign in with the password and the app's next code."),
        )
        return redirect("account_login")
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(link.account, form.secret))
    return render(request, "account/enrolment.html", {"form": form, "account": link.account, "totp_svg": picture})


def _enrol(request: HttpRequest, token_hash: bytes, form: EnrolmentForm) -> Account | None:
    """Set password and codes in one transaction. Return ``None`` if the link was used meanwhile."""
    with transaction.atomic():
        account = enrol(token_hash, form.cleaned_data["password1"], now=timezone.now())
        if account is None:
            form.add_error(None, _("This link has been used meanwhile."))
            return None
        Authenticator.objects.filter(user=account).delete()
        TOTP.activate(account, form.secret)
        use_up(account, form.cleaned_data["code"])
    clear_totp_secret(request)
    del request.session[KEY]
    return account
