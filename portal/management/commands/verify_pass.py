"""``manage.py verify_pass``: verify a pass off-line, as a checkpoint would. Uses no database."""

from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import override

from codes.passes.checking import OffLineCheck, check_off_line
from codes.passes.key_list import BadKeyList, SignedList, read_list
from codes.passes.results import CheckResult
from codes.passes.token import Pass
from portal.commands import CommandFailed, PortalCommand, instant_argument


class Command(PortalCommand):
    help = "Verifies a pass with published key lists. Exit 0: genuine; 6: not, and why; 2: a bad key list."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token")
        parser.add_argument("--keys", required=True, action="append", type=key_file, metavar="FILE", help="repeatable")
        parser.add_argument(
            "--pin", action="append", type=bytes.fromhex, metavar="KEY", help="who may sign lists; repeatable"
        )
        parser.add_argument("--at", type=instant_argument, help="as of this instant; default: now")

    def handle(
        self, *_: Any, token: str, keys: list[str], at: datetime | None, pin: list[bytes] | None, **__: Any
    ) -> None:
        at = at or timezone.now()
        found = check_off_line(token, read_lists(keys, pin or []), at=at)
        if found.result is not CheckResult.OK or not isinstance(found.content, Pass) or found.list_age is None:
            raise CommandFailed(refused(found), code=6)
        self.stdout.write(
            f"genuine: {found.content.colour} as of {found.content.issued_at.isoformat()}, city {found.content.division}, "
            f"pseudonym {found.content.pseudonym}, valid until {found.content.expires_at.isoformat()}, "
            f"by a key list {found.list_age.total_seconds() / 3600:.0f} hours old"
        )


def refused(refusal: OffLineCheck) -> str:
    """Return the result's number and word, what is wrong and what to do."""
    result, detail = refusal.result, refusal.detail
    with override("en"):
        sentences = [str(label) for label in (result.label, detail and detail.label, result.next_step) if label]
    return f"{result.number} {result.value}: {' '.join(sentences)}"


def key_file(path: str) -> str:
    """Return the text of a key list."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ArgumentTypeError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ArgumentTypeError(f"{path} cannot be read: it is not UTF-8") from error


def read_lists(texts: list[str], pinned: list[bytes]) -> list[SignedList]:
    """Return the lists of all files, each signed by a pinned key if any is pinned. Raises ``CommandFailed`` with exit code 2."""
    try:
        lists = [read_list(text) for text in texts]
    except BadKeyList as error:
        raise CommandFailed(str(error), code=2) from error
    if pinned and not all(one.signed_by in pinned for one in lists):
        raise CommandFailed("a list is signed by somebody who is not pinned", code=2)
    return lists
