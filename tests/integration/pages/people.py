"""Visitors of pages: a citizen or a member of staff at a browser."""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.http import HttpResponse
from django.test import Client

from codes.models import Citizen
from portal.staff_sign_in import limits
from portal.staff_sign_in.adapters import encrypt_secret
from portal.web.sessions import CITIZEN
from regions.staff.accounts import add_staff
from regions.staff.models import Account

PASSWORD = "drei Wörter im Kopf"


class Visitor:
    """A test client with functions for what a person does."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @classmethod
    def signed_in(cls, citizen: Citizen, *, now: datetime, host: str = "beta.localhost") -> "Visitor":
        """Return the browser of a signed-in citizen."""
        visitor = cls(Client(headers={"host": host}))
        session = visitor.client.session
        session[CITIZEN] = {"id": citizen.pk, "seen": now.timestamp()}
        session.save()
        return visitor

    @classmethod
    def at_work(cls, *roles: str, now: datetime, host: str = "beta.localhost", username: str = "li") -> "Visitor":
        """Return the browser of a new member of staff with these roles, signed in with both factors."""
        ready_account(username, *roles, now=now)
        return cls.as_account(username, now=now, host=host)

    @classmethod
    def as_account(cls, username: str, *, now: datetime, host: str = "beta.localhost") -> "Visitor":
        """Return the browser of an existing account, signed in with both factors."""
        account = Account.objects.get(username=username)
        visitor = cls(Client(headers={"host": host}))
        visitor.client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = visitor.client.session
        session[limits.KEY] = {"since": now.timestamp(), "seen": now.timestamp(), "ready": True}
        session.save()
        return visitor

    def get(self, path: str, **options: Any) -> HttpResponse:
        return self.client.get(path, **options)  # type: ignore[return-value]

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> HttpResponse:
        return self.client.post(path, data or {}, **options)  # type: ignore[return-value]

    def read(self, path: str, **options: Any) -> str:
        """Return the page's text. Its status must be 200."""
        response = self.get(path, **options)
        assert response.status_code == 200, (path, response.status_code, response.headers.get("Location"))
        return response.content.decode()

    def in_english(self) -> "Visitor":
        """Switch to English. Return the visitor."""
        self.client.cookies["language"] = "en"
        return self


def ready_account(username: str, *roles: str, now: datetime) -> Account:
    """Create an account that is ready for sign-in, with its own password and an authenticator app."""
    account, _ = add_staff(username=username, roles=roles, by="system", now=now)
    account.set_password(PASSWORD)
    account.must_change_password = False
    account.save()
    tie_phone(account)
    return account


def tie_phone(account: Account, *, schema: str = "beta") -> str:
    """Give the account an authenticator app. Return its secret."""
    secret: str = generate_totp_secret()
    encrypted = encrypt_secret(secret, schema=schema)
    Authenticator.objects.create(user=account, type=Authenticator.Type.TOTP, data={"secret": encrypted})
    return secret


def present_code(secret: str) -> str:
    """Return the code that the app shows now."""
    counter = list(yield_hotp_counters_from_time())[1]
    shown: str = format_hotp_value(hotp_value(secret, counter))
    return shown
