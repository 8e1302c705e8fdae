"""``manage.py verify_export FILE``: check a file against its signed manifest. Uses no database."""

import base64
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from codes.reports.manifest import Untrue, check
from portal.commands import CommandFailed, PortalCommand


class Command(PortalCommand):
    help = "Holds an export against the manifest beside it, and the manifest against its signature. Works off-line."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the exported file; its manifest stands beside it")
        parser.add_argument("--public-key", type=_key, metavar="BASE64", help="the key the city is known to sign with")

    def handle(self, *_: Any, file: Path, public_key: bytes | None, **__: Any) -> None:
        try:
            manifest = check(file, public_key=public_key)
        except Untrue as fault:
            raise CommandFailed(f"{file}: {fault}.", code=6) from fault
        what = f"{manifest['report']} of {manifest['city']}, {manifest['rows']} rows"
        self.stdout.write(f"{file} is as {manifest['made_by']} made it at {manifest['made_at']}: {what}.")
        if public_key is None:
            self.stdout.write(f"Signed with {manifest['public_key']}.")
            self.stdout.write("Give --public-key to be sure that this is the city's key.")


def _key(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ArgumentTypeError("a public key is written in base64, as in a manifest") from error
