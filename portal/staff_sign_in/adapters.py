"""Adapters of allauth: no sign-up, encrypted secrets of one-time codes, and single sign-on to existing accounts only."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.staff_sign_in.limits import has_established_codes
from portal.web.host import city_of, client_address
from regions.journal.record import record
from regions.keys.encryption import decrypt_for_installation, encrypt_for_installation
from regions.staff.models import Account

CODE_SECRETS = "secrets of one-time codes"


def encrypt_secret(secret: str, *, schema: str) -> str:
    """Encrypt the secret for storage in this schema. It cannot be decrypted in another schema."""
    return base64.b64encode(encrypt_for_installation(secret.encode(), use=CODE_SECRETS, schema=schema)).decode()


def decrypt_secret(encrypted: str, *, schema: str) -> str:
    """Decrypt a secret encrypted by ``encrypt_secret``. Raises ``CannotDecrypt``."""
    return decrypt_for_installation(base64.b64decode(encrypted), use=CODE_SECRETS, schema=schema).decode()


class StaffAdapter(DefaultAccountAdapter):
    """The account adapter. Accounts are created only by ``regions.staff.accounts``."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy("User name and password do not fit. Check both and try again."),
        "too_many_login_attempts": gettext_lazy("Too many attempts. Wait a few minutes and try again."),
        "enter_current_password": gettext_lazy("This is not your present password."),
        "incorrect_password": gettext_lazy("This is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:  # noqa: ARG002
        """Require it before codes are changed, but not within minutes of signing in, while the first codes are set up."""
        account = context.request.user
        return isinstance(account, Account) and has_established_codes(account, now=timezone.now())

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:  # noqa: ARG002
        """Return the same page as for an account that does not exist."""
        return render(request, "account/no_account.html", status=403)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Add no message. The portal's own pages report what happened."""

    def send_notification_mail(self, template_prefix: str, user: AbstractBaseUser, **kwargs: Any) -> None:
        """Send nothing. allauth's mails are not used."""


class OneTimeCodeAdapter(DefaultMFAAdapter):
    """The adapter of one-time codes. It encrypts their secrets before they are stored."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code is wrong or was used already. Wait for the next one and type it in."),
    }

    def encrypt(self, text: str) -> str:
        return encrypt_secret(text, schema=_schema())

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt_secret(encrypted_text, schema=_schema())

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return user.get_username()

    def get_totp_issuer(self) -> str:
        city = city_of(context.request)
        name = city.name_zh if city else _("Province")
        return f"{name} {_('health code desk')}"


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """A city's single sign-on. It signs in to the city's account of the same user name, and to no other account."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the apps of this city from the settings. allauth's own table is not read."""
        city = city_of(request)
        apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
        schema = city.schema_name if city else None
        found = [SocialApp(provider="openid_connect", **app) for app in apps if app["provider_id"] == schema]
        return [
            app
            for app in found
            if provider in (None, app.provider, app.provider_id) and client_id in (None, app.client_id)
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Connect the external identity to the account of the same name. Without one, show a page that says what to do."""
        if sociallogin.is_existing:
            return
        data = sociallogin.account.extra_data
        claims = {**data.get("id_token", {}), **data.get("userinfo", {})}
        account = Account.objects.filter(username=claims.get("preferred_username", ""), is_active=True).first()
        if account is None:
            raise ImmediateHttpResponse(render(request, "account/no_account.html", status=403))
        with transaction.atomic():
            sociallogin.connect(request, account)
            record(
                "staff.single_sign_on_tied",
                by=account.username,
                now=timezone.now(),
                subject=f"staff:{account.username}",
            )

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        return False


def _schema() -> str:
    city = city_of(context.request)
    return city.schema_name if city else "public"
