"""``manage.py rotate_keys --city S [--compromised KID]``: new signing and encryption keys, and the end of a stolen one."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.key_rotation import CannotRotate, kid_of, rotate_keys
from portal.commands import CityCommand, CommandFailed


class Command(CityCommand):
    help = (
        "Makes new keys for passes, exports, journal checkpoints and encryption. What the old ones signed stays valid, and what "
        "they encrypted readable. Exit 0; 2: refused, nothing was rotated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--compromised",
            metavar="KID",
            help="a key that somebody else holds, by its id in the key list or its number in a manifest: nothing it signed counts",
        )

    def handle_city(self, *, compromised: str | None, by: str, **_: Any) -> None:
        try:
            done = rotate_keys(by=by, now=timezone.now(), compromised=compromised)
        except CannotRotate as refused:
            raise CommandFailed(f"Nothing was rotated: {refused}.", code=2) from refused
        for purpose, key in done.keys.items():
            self.stdout.write(f"{purpose.value}: key {kid_of(key)} (number {key.pk}) is in use.")
        if done.compromised is not None:
            self.stdout.write(f"Nothing counts that key {kid_of(done.compromised)} signed.")
        self.stdout.write("Publish the pass keys anew: manage.py publish_keys.")
