"""Signing in and out, the account's own page, and the staff's home page: allauth's views behind the portal's access rules."""

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.totp.internal.flows import deactivate_totp
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.openid_connect import views as openid
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.official.home.overview import newest_runs, waiting_for
from portal.official.home.staff_mail import choose_mail, mail_of
from portal.official.runs.standing import standing_for
from portal.staff_sign_in.limits import has_one_time_codes
from portal.web.access import StaffRequest, for_anyone, for_staff
from portal.web.host import city_of
from regions.staff.models import Account


class SignIn(account.LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the city's single sign-on, if the installation configures one."""
        return {**super().get_context_data(**kwargs), "sign_ons": get_adapter().list_apps(self.request)}


class ChangePassword(account.PasswordChangeView):
    """Changing the password, which is also the first step of every new account."""

    success_url = reverse_lazy("staff_account")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Redirect staff who use single sign-on to their own page, because they have no password here."""
        if isinstance(request.user, Account) and not request.user.has_usable_password():
            return redirect("staff_account")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class ActivateCodes(totp.ActivateTOTPView):
    """Connecting an authenticator app. An account that has one is redirected to its own page."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, Account) and has_one_time_codes(request.user):
            return redirect("staff_account")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def get_success_url(self) -> str:
        """Return the page of the recovery codes, which are shown once right after setup."""
        return str(reverse_lazy("mfa_view_recovery_codes"))


# allauth's views also accept PUT, and some of them any method.
get_or_post = require_http_methods(["GET", "HEAD", "POST"])

sign_in = for_anyone(get_or_post(SignIn.as_view()))
enter_code = for_anyone(get_or_post(mfa.AuthenticateView.as_view()))
sign_out = for_anyone(get_or_post(account.LogoutView.as_view()))
change_password = for_staff()(get_or_post(ChangePassword.as_view()))
confirm_password = for_staff()(get_or_post(account.ReauthenticateView.as_view()))
confirm_code = for_staff()(get_or_post(mfa.ReauthenticateView.as_view(template_name="account/reauthenticate.html")))
activate_codes = for_staff()(get_or_post(ActivateCodes.as_view()))
recovery_codes = for_staff()(require_safe(recovery.ViewRecoveryCodesView.as_view()))
new_recovery_codes = for_staff()(get_or_post(recovery.GenerateRecoveryCodesView.as_view()))


@for_staff()
@require_safe
def my_account(request: StaffRequest) -> HttpResponse:
    """Show name, roles, one-time codes and recovery codes."""
    held = {one.type: one for one in Authenticator.objects.filter(user=request.user)}
    recovery_set = held.get(Authenticator.Type.RECOVERY_CODES)
    return render(
        request,
        "staff/account.html",
        {
            "codes": held.get(Authenticator.Type.TOTP),
            "recovery_left": len(recovery_set.wrap().get_unused_codes()) if recovery_set else 0,
            "roles": sorted(request.roles),
            "mail": mail_of(request.user) if city_of(request) is not None else None,
        },
    )


@for_staff()
@require_POST
def choose_own_mail(request: StaffRequest) -> HttpResponse:
    """Choose which mail about their work the account wants. The operator's staff get none."""
    if city_of(request) is None:
        raise Http404
    choose_mail(
        morning="morning" in request.POST, deadlines="deadlines" in request.POST, by=request.user.get_username()
    )
    messages.success(request, _("Saved."))
    return redirect("staff_account")


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff()
def deactivate_codes(request: StaffRequest) -> HttpResponse:
    """Remove the authenticator app from the account, so that another one can be set up, such as on a new phone."""
    held = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).first()
    if held is None:
        return redirect("mfa_activate_totp")
    if request.method == "POST":
        deactivate_totp(request, held)
        return redirect("mfa_activate_totp")
    return render(request, "mfa/totp/deactivate_form.html")


@for_staff()
@require_safe
def home(request: StaffRequest) -> HttpResponse:
    """Show each role what waits for it and links to its pages."""
    context: dict[str, Any] = {"roles": sorted(request.roles)}
    if city_of(request) is not None:
        now = timezone.now()
        context["waiting"] = waiting_for(request.user.username, request.roles, now=now)
        if runs := newest_runs(request.roles):
            context |= {"runs": runs, **standing_for(request.roles, now=now, newest=runs)}
    return render(request, "staff/home.html", context)


@for_anyone
@require_POST
def single_sign_on(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the city's single sign-on. Answer 404 if it has none."""
    city = city_of(request)
    if city is None or not get_adapter().list_apps(request):
        raise Http404
    response: HttpResponseBase = openid.login(request, city.schema_name)
    return response


@for_anyone
@require_safe
def single_sign_on_callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    if not get_adapter().list_apps(request, provider=provider_id):
        raise Http404
    response: HttpResponseBase = openid.callback(request, provider_id)
    return response


@for_anyone
@require_safe
def single_sign_on_failed(request: HttpRequest) -> HttpResponse:
    """Show that there is no account for the identity of the city's single sign-on."""
    return render(request, "account/no_account.html", status=403)
