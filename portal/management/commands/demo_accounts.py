"""``manage.py demo_accounts --city S``: give a demo city accounts that are ready to sign in."""

from typing import Any

from django.conf import settings

from portal.commands import CityCommand, CommandFailed
from portal.demo.accounts import demo_accounts


class Command(CityCommand):
    help = "Gives every role of a demo city an account with a new password and a new secret for one-time codes, and prints them."

    def handle_city(self, **_: Any) -> None:
        if not settings.DEBUG:
            raise CommandFailed("Known secrets do not belong where DEBUG is off.", code=2)
        for account in demo_accounts(self.city.schema_name):
            self.stdout.write(f"{account.username}\t{account.password}\t{account.one_time_codes}\t{account.address}")
