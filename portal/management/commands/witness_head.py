"""``manage.py witness_head --city S``: have the journal's head co-signed, by hand.

``--write FILE`` writes the head as the text to be signed; ``--import SIGNATURE --head FILE`` takes the auditor's signature of it;
``--export FILE`` writes every co-signed head as a line of JSON, for safekeeping. Without these, the witnesses that are due are
asked.
"""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from codes.witnessing import AUDITOR, witness_head
from portal.commands import CityCommand, CommandFailed
from regions.journal.chained_file import FileAltered
from regions.journal.checkpoints import write_checkpoint
from regions.journal.heads import BadHead, CoSigned, Head, keep, kept_heads, present_head
from regions.tenancy import all_schemas


class Command(CityCommand):
    help = (
        "Has the head of a city's journal co-signed by the witnesses that are due; or writes it for the auditor's off-line key, takes "
        "that signature (raw or hexadecimal Ed25519), or exports all co-signed heads. Exit 2: refused."
    )

    signs_checkpoint = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--write", type=Path, metavar="FILE", help="write the head, to be signed off-line")
        parser.add_argument("--import", type=Path, metavar="SIGNATURE", dest="signature", help="take a signature …")
        parser.add_argument("--head", type=Path, metavar="FILE", help="… of the head in this file")
        parser.add_argument("--export", type=Path, metavar="FILE", help="write all co-signed heads as JSON lines")

    def handle(self, *args: Any, **options: Any) -> None:
        self.is_by_hand = any(options[name] for name in ("write", "signature", "export"))
        super().handle(*args, **options)
        if not self.is_by_hand:
            signed = witness_head(options["city"], all_schemas(), now=timezone.now())
            self.stdout.write(f"Signatures had: {signed}.")

    def handle_city(
        self, *, write: Path | None, signature: Path | None, head: Path | None, export: Path | None, **_: Any
    ) -> None:
        try:
            if write:
                self._write(write)
            if signature:
                self._import(signature, head)
            if export:
                kept = kept_heads()
                export.write_text("".join(json.dumps(one.as_json()) + "\n" for one in kept), encoding="utf-8")
                self.stdout.write(f"{export}: {len(kept)} co-signed heads.")
        except (BadHead, FileAltered) as error:
            raise CommandFailed(f"Nothing was kept: {error}.", code=2) from error
        except OSError as error:
            raise CommandFailed(str(error), code=2) from error

    def _write(self, path: Path) -> None:
        write_checkpoint(now=timezone.now())
        head = present_head()
        if head is None:
            raise CommandFailed("The journal has no entry yet.", code=2)
        path.write_bytes(head.text)
        self.stdout.write(f"{path}: the head at entry {head.seq}. Sign exactly these bytes with Ed25519.")

    def _import(self, path: Path, head: Path | None) -> None:
        if not settings.JOURNAL_AUDITOR_KEY:
            raise CommandFailed("JOURNAL_AUDITOR_KEY is not set: whose signature this is cannot be checked.", code=2)
        if head is None:
            raise CommandFailed("Name the file that was signed: --head FILE.", code=2)
        raw = path.read_bytes()
        try:
            signature = raw if len(raw) == 64 else bytes.fromhex(raw.decode("ascii").strip())
        except ValueError as error:
            raise CommandFailed(f"{path} is no Ed25519 signature.", code=2) from error
        one = CoSigned(Head.read(head.read_bytes()), AUDITOR, settings.JOURNAL_AUDITOR_KEY, signature, timezone.now())
        kept = keep(one)
        self.stdout.write(f"The auditor's signature of entry {one.head.seq} is {'kept' if kept else 'kept already'}.")
