"""``manage.py verify_pass``: whether a pass is genuine, off-line, as a checkpoint would say. Reads no database."""

from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import override

from codes.passes.checking import verify_scanned
from codes.passes.key_list import BadKeyList, KeyList, from_json
from codes.passes.paper import Paper
from codes.passes.results import BadPass, Detail
from portal.commands import CommandFailed, PortalCommand, instant_argument


class Command(PortalCommand):
    help = "Verifies a pass with published key lists. Exit 0: genuine; 6: not, and why; 2: a bad key list."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token")
        parser.add_argument("--keys", required=True, action="append", type=key_file, metavar="FILE", help="repeatable")
        parser.add_argument("--at", type=instant_argument, help="as of this instant; default: now")

    def handle(self, *_: Any, token: str, keys: list[str], at: datetime | None, **__: Any) -> None:
        found = read_keys(keys)
        try:
            content = verify_scanned(token, found, at=at or timezone.now())
        except BadPass as refusal:
            raise CommandFailed(refused(refusal), code=6) from refusal
        if isinstance(content, Paper):
            raise CommandFailed(refused(BadPass(Detail.PAPER)), code=6)
        self.stdout.write(
            f"genuine: {content.colour} as of {content.issued_at.isoformat()}, city {content.division}, "
            f"pseudonym {content.pseudonym}, valid until {content.expires_at.isoformat()}"
        )


def refused(refusal: BadPass) -> str:
    """Number, word, what is the matter and what to do."""
    result, detail = refusal.result, refusal.detail
    with override("en"):
        said = [str(label) for label in (result.label, detail and detail.label, result.next_step) if label]
    return f"{result.number} {result.value}: {' '.join(said)}"


def key_file(path: str) -> str:
    """The text of a key list."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentTypeError(f"{path} cannot be read: {error}") from error


def read_keys(texts: list[str]) -> KeyList:
    """The keys of all files, or exit 2."""
    try:
        return from_json(*texts)
    except BadKeyList as error:
        raise CommandFailed(str(error), code=2) from error
