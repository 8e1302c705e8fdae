"""allauth's forms with our labels; ``ACCOUNT_FORMS`` and ``MFA_FORMS`` in the settings name them."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.utils.translation import gettext_lazy as _


def _set_label(field: forms.Field, label: Any, **attributes: str) -> None:
    """Labels stand above fields: a placeholder is gone when one types."""
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
        self.fields["password1"].help_text = _(
            "At least 12 characters, and not one that others use. Three words you remember are good."
        )


class PasswordAgainForm(ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["password"], _("Password"))


class CodeMixin(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["code"], _("One-time code"), inputmode="numeric", autofocus="autofocus")


class CodeForm(CodeMixin, AuthenticateForm):
    """Second step of signing in."""


class CodeConfirmForm(CodeMixin, CodeAgainForm):
    """A code, asked for again before the account is changed."""


class FirstCodeForm(CodeMixin, ActivateTOTPForm):
    """Shows that the authenticator app works."""
