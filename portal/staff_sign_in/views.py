"""The staff's door: allauth's flows behind our own pages, and the account's own page."""

from typing import Any

from allauth.account import views as account
from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.base import views as codes
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.flows import deactivate_totp
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.openid_connect import views as openid
from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.official.home.overview import newest_runs, waiting_for
from portal.web.access import StaffRequest, for_anyone, for_staff
from portal.web.host import city_of
from regions.staff.models import Account


def _plain(field: forms.Field, label: Any, **attributes: str) -> None:
    """Labels stand above fields; what stands inside a field is gone when one types."""
    field.label = label
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attributes)


class SignInForm(LoginForm):
    """User name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["login"], _("User name"), autocapitalize="none", spellcheck="false")
        _plain(self.fields["password"], _("Password"))
        self.fields["password"].help_text = ""


class NewPasswordForm(ChangePasswordForm):
    """The present password and a new one, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["oldpassword"], _("Present password"))
        _plain(self.fields["password1"], _("New password"))
        _plain(self.fields["password2"], _("New password once more"))
        self.fields["password1"].help_text = _(
            "At least 12 characters, and not one that others use. Three words you remember are good."
        )


class PasswordAgainForm(ReauthenticateForm):
    """The password, before something important."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["password"], _("Password"))


class CodeMixin(forms.Form):
    """Six digits, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["code"], _("One-time code"), inputmode="numeric", autofocus="autofocus")


class CodeForm(CodeMixin, AuthenticateForm):
    """Second step of signing in."""


class CodeConfirmForm(CodeMixin, CodeAgainForm):
    """A code, before something important."""


class FirstCodeForm(CodeMixin, ActivateTOTPForm):
    """Shows that the authenticator app works."""


class SignIn(account.LoginView):
    """User name and password; the city's own sign-on where there is one."""

    template_name = "account/login.html"

    def get_form_class(self) -> type[SignInForm]:
        return SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The city's sign-on, if the installation names one."""
        return {**super().get_context_data(**kwargs), "sign_ons": get_adapter().list_apps(self.request)}


class OneTimeCode(codes.AuthenticateView):
    """The second step."""

    template_name = "mfa/authenticate.html"

    def get_form_class(self) -> type[CodeForm]:
        return CodeForm


class NewPassword(account.PasswordChangeView):
    """Also the first step of every new account."""

    template_name = "account/password_change.html"
    success_url = reverse_lazy("staff_account")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who comes by the city's own sign-on has no password here, and gets none."""
        if isinstance(request.user, Account) and not request.user.has_usable_password():
            return redirect("staff_account")
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer

    def get_form_class(self) -> type[NewPasswordForm]:
        return NewPasswordForm


class PasswordAgain(account.ReauthenticateView):
    """Before codes are changed."""

    template_name = "account/reauthenticate.html"

    def get_form_class(self) -> type[PasswordAgainForm]:
        return PasswordAgainForm


class CodeAgain(codes.ReauthenticateView):
    """The same by a code."""

    template_name = "account/reauthenticate.html"

    def get_form_class(self) -> type[CodeConfirmForm]:
        return CodeConfirmForm


class SetUpCodes(totp.ActivateTOTPView):
    """Tie an authenticator app to the account."""

    template_name = "mfa/totp/activate_form.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """An account that has them goes to its own page."""
        if Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.TOTP).exists():
            return redirect("staff_account")
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer

    def get_form_class(self) -> type[FirstCodeForm]:
        return FirstCodeForm

    def get_success_url(self) -> str:
        """Recovery codes are shown once, right after."""
        return str(reverse_lazy("mfa_view_recovery_codes"))


class RecoveryCodes(recovery.ViewRecoveryCodesView):
    """Shown once."""

    template_name = "mfa/recovery_codes/index.html"


class NewRecoveryCodes(recovery.GenerateRecoveryCodesView):
    """A new set; the old one ends."""

    template_name = "mfa/recovery_codes/generate.html"


class SignOut(account.LogoutView):
    """By a button."""

    template_name = "account/logout.html"
    http_method_names = ["get", "head", "post"]


# allauth's views also take PUT, and some take any method at all.
shown_and_sent = require_http_methods(["GET", "HEAD", "POST"])

sign_in = for_anyone(shown_and_sent(SignIn.as_view()))
one_time_code = for_anyone(shown_and_sent(OneTimeCode.as_view()))
sign_out = for_anyone(shown_and_sent(SignOut.as_view()))
new_password = for_staff()(shown_and_sent(NewPassword.as_view()))
password_again = for_staff()(shown_and_sent(PasswordAgain.as_view()))
code_again = for_staff()(shown_and_sent(CodeAgain.as_view()))
set_up_codes = for_staff()(shown_and_sent(SetUpCodes.as_view()))
recovery_codes = for_staff()(require_safe(RecoveryCodes.as_view()))
new_recovery_codes = for_staff()(shown_and_sent(NewRecoveryCodes.as_view()))


@for_staff()
@require_safe
def my_account(request: StaffRequest) -> HttpResponse:
    """Name, roles, and what protects the account."""
    held = {one.type: one for one in Authenticator.objects.filter(user=request.user)}
    recovery_set = held.get(Authenticator.Type.RECOVERY_CODES)
    return render(
        request,
        "staff/account.html",
        {
            "codes": held.get(Authenticator.Type.TOTP),
            "recovery_left": len(recovery_set.wrap().get_unused_codes()) if recovery_set else 0,
            "roles": sorted(request.roles),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff()
def renew_codes(request: StaffRequest) -> HttpResponse:
    """Take the authenticator app off the account, so that another can be tied to it: a new phone."""
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
    """Where every role begins: what waits for it, and what its pages are."""
    context: dict[str, Any] = {"roles": sorted(request.roles)}
    if city_of(request) is not None:
        context["waiting"] = waiting_for(request.user.username, request.roles, now=timezone.now())
        context["runs"] = newest_runs(request.roles)
    return render(request, "staff/home.html", context)


@for_anyone
@require_POST
def single_sign_on(request: HttpRequest) -> HttpResponseBase:
    """Off to the city's own sign-on; 404 where there is none."""
    city = city_of(request)
    if city is None or not get_adapter().list_apps(request):
        raise Http404
    leaving: HttpResponseBase = openid.login(request, city.schema_name)
    return leaving


@for_anyone
@require_safe
def single_sign_on_answer(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Back from it."""
    if not get_adapter().list_apps(request, provider=provider_id):
        raise Http404
    answer: HttpResponseBase = openid.callback(request, provider_id)
    return answer


@for_anyone
@require_safe
def single_sign_on_failed(request: HttpRequest) -> HttpResponse:
    """It did not vouch for anybody."""
    return render(request, "account/no_account.html", status=403)
