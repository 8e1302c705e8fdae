"""``manage.py explain``: print everything about one person's codes."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import override

from codes.explanation import explain
from codes.models import Citizen
from portal.commands import CityCommand, CommandFailed


class Command(CityCommand):
    help = (
        "Prints what each provider sees and shows of a citizen and why, the effective code, the cases and the history."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--citizen", metavar="REF", required=True)
        parser.add_argument("--lang", choices=["zh-hans", "en"], default="zh-hans")

    def handle_city(self, *, citizen: str, lang: str, **_: Any) -> None:
        person = Citizen.objects.by_ref(citizen).first()
        if person is None:
            raise CommandFailed(f"No citizen of this city has the reference {citizen}.", code=2)
        with override(lang):
            for line in explain(person, now=timezone.now()):
                self.stdout.write(line)
