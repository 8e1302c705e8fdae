"""``manage.py demo_code``: print the one-time code of the demo's staff, for those without an authenticator app."""

import time
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings

from portal.commands import CommandFailed, PortalCommand
from portal.demo.accounts import OPERATORS
from portal.staff_sign_in.adapters import decrypt_secret

PERIOD = int(app_settings.TOTP_PERIOD)


class Command(PortalCommand):
    help = "Prints the present one-time code of the demo's accounts, the same for all of them, and how long it holds."

    def handle(self, *_: Any, **__: Any) -> None:
        if not settings.DEBUG:
            raise CommandFailed("Known secrets do not belong where DEBUG is off.", code=2)
        held = Authenticator.objects.filter(user__username__in=OPERATORS, type=Authenticator.Type.TOTP).first()
        if held is None:
            raise CommandFailed("There is no demo yet: ./run demo", code=2)
        secret = decrypt_secret(held.data["secret"], schema="public")
        now = int(time.time())
        code = format_hotp_value(hotp_value(secret, now // PERIOD))
        self.stdout.write(f"{code}\tfor {PERIOD - now % PERIOD} seconds")
