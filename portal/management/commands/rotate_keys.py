"""``manage.py rotate_keys --city S [--compromised KID | --re-encrypt]``: create new keys, end a compromised one, or re-encrypt rows."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.key_rotation import CannotRotate, kid_of, rotate_keys
from codes.re_encryption import re_encrypt as encrypt_all_anew
from portal.commands import CityCommand, CommandFailed, sign_checkpoint
from regions.keys.encryption import CannotDecrypt
from regions.refusals import NotAllowed
from regions.tenancy import NoSuchCity, as_owner, in_city, in_city_as_owner


class Command(CityCommand):
    help = (
        "Makes new keys for passes, exports, messages, journal checkpoints and encryption. What the old ones signed stays valid, and what "
        "they encrypted readable. Exit 0; 2: refused, nothing was rotated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--compromised",
            metavar="KID",
            help="a key that somebody else holds, by its id in the key list or its number in a manifest: nothing it signed counts",
        )

        parser.add_argument(
            "--re-encrypt",
            action="store_true",
            help="rotate nothing, and encrypt with the key in use what earlier ones encrypted; with the owner's login",
        )

    def handle(self, *args: Any, city: str, **options: Any) -> None:
        if not options["re_encrypt"]:
            super().handle(*args, city=city, **options)
            return
        try:
            with as_owner(), in_city_as_owner(city):
                self._re_encrypt(by=options["by"])
        except NoSuchCity as error:
            raise CommandFailed(str(error), code=2) from error
        except NotAllowed as refusal:
            raise CommandFailed(f"{options['by']}: {refusal}", code=5) from refusal
        with in_city(city):
            sign_checkpoint(self.stderr, now=timezone.now())

    def _re_encrypt(self, *, by: str) -> None:
        def progress(what: str, done: int) -> None:
            self.stdout.write(f"{what}: {done} encrypted anew.")

        try:
            done = encrypt_all_anew(by=by, now=timezone.now(), progress=progress)
        except CannotDecrypt as error:
            raise CommandFailed(f"What was done stays done; then: {error}.", code=2) from error
        self.stdout.write(
            f"{done} values are under the key in use that were not. Called again, this goes on with what is left."
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
