"""``manage.py add_staff --city S USERNAME --role R …``: add an account with roles and a one-time password."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from portal.commands import CityCommand, CommandFailed
from regions.refusals import Refused
from regions.staff.accounts import add_staff
from regions.staff.roles import Role


class Command(CityCommand):
    help = f"Makes an account and prints its one-time password. Roles: {', '.join(Role)}."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("username")
        parser.add_argument("--role", action="append", default=[], dest="roles", metavar="ROLE", help="may be repeated")
        parser.add_argument("--full-name", default="", metavar="NAME")

    def handle_city(self, *, username: str, roles: list[str], full_name: str, by: str, **_: Any) -> None:
        try:
            account, password = add_staff(
                username=username, roles=roles, full_name=full_name, by=by, now=timezone.now()
            )
        except Refused as refusal:
            raise CommandFailed(str(refusal), code=2) from refusal
        self.stdout.write(f"{account.username} can sign in at {self.city.name_zh} ({self.city.schema_name}).")
        self.stdout.write(f"One-time password, shown only now: {password}")
