"""``manage.py confirm_staff_change --city S NUMBER --by operator:NAME``: be the second person where a city has only one."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from portal.commands import CityCommand, CommandFailed
from regions.refusals import NotAllowed, Refused
from regions.staff.changes import confirm


class Command(CityCommand):
    help = (
        "Confirms a change of staff that a security administrator has proposed, for a city that has no second one who could. "
        "NUMBER is at the end of the address of its page. Links to enrol go out by mail and are not printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("number", type=int)

    def handle_city(self, *, number: int, by: str, **_: Any) -> None:
        try:
            change = confirm(number, by=by, now=timezone.now())
        except NotAllowed:
            raise
        except Refused as refusal:
            raise CommandFailed(str(refusal), code=2) from refusal
        self.stdout.write(f"{change.username}: {change.kind} is in force.")
