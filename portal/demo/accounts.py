"""Accounts of the demo that can be signed in with at once: a password of their own and one-time codes, new every time."""

import secrets
from dataclasses import dataclass
from urllib.parse import quote

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from portal.demo.filling import BY
from portal.staff_sign_in.sealing import seal_secret
from regions.journal.record import record
from regions.staff.accounts import add_staff
from regions.staff.models import Account
from regions.staff.roles import Role
from regions.tenancy import in_city

PASSWORD_BYTES = 12


@dataclass(frozen=True)
class DemoAccount:
    """What one needs to sign in; ``one_time_codes`` is the secret for an authenticator app, ``address`` the same as a link."""

    username: str
    role: Role
    password: str
    one_time_codes: str
    address: str


def demo_accounts(schema: str) -> list[DemoAccount]:
    """An account for every role of the city, named after it. Password and secret are made anew at every call."""
    with in_city(schema) as city:
        return [_ready(role, schema, city.name_zh) for role in Role]


def _ready(role: Role, schema: str, city_name: str) -> DemoAccount:
    now, password, secret = timezone.now(), secrets.token_urlsafe(PASSWORD_BYTES), str(generate_totp_secret())
    with transaction.atomic():
        account = Account.objects.filter(username=role.value).first()
        if account is None:
            account, _given = add_staff(username=role.value, roles=[role], by=BY, now=now)
        Account.objects.filter(pk=account.pk).update(password=make_password(password), must_change_password=False)
        Authenticator.objects.filter(user=account).delete()
        sealed = seal_secret(secret, place=schema)
        Authenticator.objects.create(user=account, type=Authenticator.Type.TOTP, data={"secret": sealed})
        record("staff.demo_secrets", by=BY, now=now, subject=f"staff:{role.value}")
    label, issuer = quote(f"{city_name}:{role.value}"), quote(city_name)
    return DemoAccount(role.value, role, password, secret, f"otpauth://totp/{label}?secret={secret}&issuer={issuer}")
