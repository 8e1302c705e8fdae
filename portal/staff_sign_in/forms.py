"""allauth's forms with the portal's labels. ``ACCOUNT_FORMS`` and ``MFA_FORMS`` in the settings name them."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from regions.staff.models import Account

PASSWORD_HELP = _("At least 12 characters, and not one that others use. Three words you remember are good.")


def _set_label(field: forms.Field, label: Any, **attributes: str) -> None:
    """Set the label and remove the placeholder, which would disappear while typing."""
    field.label = label
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attributes)


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["login"], _("User name"), autocapitalize="none", spellcheck="false")
        _set_label(self.fields["password"], _("Password"))
        self.fields["password"].help_text = ""


class NewPasswordForm(ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["oldpassword"], _("Present password"))
        _set_label(self.fields["password1"], _("New password"))
        _set_label(self.fields["password2"], _("New password once more"))
        self.fields["password1"].help_text = PASSWORD_HELP


class PasswordAgainForm(ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["password"], _("Password"))


class CodeMixin(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["code"], _("One-time code"), inputmode="numeric", autofocus="autofocus")


class UsedOnceMixin(CodeMixin):
    """Accept each code once during its whole validity. allauth itself remembers used codes for one period only."""

    user: Account

    def clean_code(self) -> str:
        # Checked before allauth's own check, because a right code resets its rate limit.
        if cache.get(_used(self.user, self.cleaned_data["code"])) is not None:
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]
        if not use_up(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


def use_up(account: Account, code: str) -> bool:
    """Mark the code as used. Return ``False`` if it had been used already."""
    good_for = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    return bool(cache.add(_used(account, code), True, timeout=good_for))


def _used(account: Account, code: str) -> str:
    return f"one-time code of {account.pk}: {normalize_user_code(code)}"


class CodeForm(UsedOnceMixin, AuthenticateForm):
    """The one-time code as the second step of signing in."""


class CodeConfirmForm(UsedOnceMixin, CodeAgainForm):
    """A one-time code, required again before the account is changed."""


class FirstCodeForm(CodeMixin, ActivateTOTPForm):
    """The first code, which shows that the authenticator app works."""


class EnrolmentForm(FirstCodeForm):
    """The first password and the first code of a person who is not signed in yet."""

    password1 = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=4096,
        help_text=PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("New password once more"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    field_order = ("password1", "password2", "code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The code is the last field here, and the focus should be at the top of the page.
        self.fields["code"].widget.attrs.pop("autofocus")

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        validate_password(password, user=self.user)
        return password

    def clean_password2(self) -> str:
        password: str = self.cleaned_data["password2"]
        if self.cleaned_data.get("password1", password) != password:
            raise forms.ValidationError(_("The two passwords differ."))
        return password
