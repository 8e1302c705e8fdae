"""``manage.py add_operator USERNAME --role R …``: add an account of an operator, who belongs to no city."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from portal.commands import CommandFailed, PortalCommand
from regions.actors import SYSTEM
from regions.refusals import Refused
from regions.staff.accounts import add_staff
from regions.staff.roles import ADMINISTRATORS


class Command(PortalCommand):
    help = "Makes an account for the operator's pages and prints its one-time password. system_admin opens cities."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        choices = sorted(role.value for role in ADMINISTRATORS)
        parser.add_argument(
            "--role", action="append", default=[], dest="roles", choices=choices, help="may be repeated"
        )
        parser.add_argument("--full-name", default="", metavar="NAME")
        parser.add_argument("--by", default=SYSTEM, metavar="USER", help="who does this, for the journal")

    def handle(self, *, username: str, roles: list[str], full_name: str, by: str, **_: Any) -> None:
        try:
            account, password = add_staff(
                username=username, roles=roles, full_name=full_name, by=by, now=timezone.now()
            )
        except Refused as refusal:
            raise CommandFailed(str(refusal), code=2) from refusal
        self.stdout.write(f"{account.username} can sign in at the operator's hosts (OPERATOR_HOSTS).")
        self.stdout.write(f"One-time password, shown only now: {password}")
