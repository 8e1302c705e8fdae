"""Signed checkpoints of the journal, stored twice: in the city's schema, and in a file outside the database.

The file is authoritative. Nothing that only the database holds decides where the file is or which key verifies it: it is named
after the schema, its lines form a chain under a key of the installation, and a signature is verified with the key that only
``KEY_ENCRYPTION_KEY`` decrypts. A database superuser who changes the journal cannot change the file.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from regions.journal.chained_file import ChainedFile
from regions.journal.models import Checkpoint, JournalEntry
from regions.keys import encryption
from regions.keys.models import Purpose
from regions.locks import advisory_lock
from regions.tenancy import current_city

CHAIN_USE = "journal checkpoints"
# The file of co-signed heads is in the same directory (``regions.journal.heads``).
HEADS = ".heads"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint, from the database or from the file."""

    seq: int
    digest: bytes
    key_id: int
    signature: bytes
    at: datetime

    @classmethod
    def of(cls, point: Checkpoint) -> "Signed":
        return cls(point.seq, bytes(point.digest), point.key_id, bytes(point.signature), point.at)

    @property
    def message(self) -> bytes:
        return message(self.seq, self.digest)


def write_checkpoint(*, now: datetime) -> Checkpoint | None:
    """Sign the chain's present length and digest. Return ``None`` if it is empty or has not grown since the last checkpoint.

    Raises ``OSError`` if the file cannot be written; nothing is then stored in the database either.
    """
    with transaction.atomic():
        advisory_lock("journal")
        last = JournalEntry.objects.order_by("-seq").first()
        kept = _signed(line) if (line := _file().last()) else None
        ends = [one.seq for one in (last, kept) if one]
        stored = set(Checkpoint.objects.filter(seq__in=ends).values_list("seq", flat=True))
        if kept and kept.seq not in stored and _complete(kept):
            stored.add(kept.seq)
        if last is None or last.seq in stored:
            return None
        key_id, signature = encryption.sign(message(last.seq, bytes(last.digest)), purpose=Purpose.JOURNAL)
        point = Checkpoint.objects.create(seq=last.seq, digest=last.digest, at=now, key_id=key_id, signature=signature)
        _append(Signed.of(point))
    return point


def message(seq: int, digest: bytes) -> bytes:
    """Return the text that a checkpoint signs. It names the city, so that another city's checkpoint is not valid here."""
    return f"journal {current_city().schema_name} {seq} ".encode() + digest


def is_signed_here(point: Signed) -> bool:
    """Return whether a key of this city's journal signed the point. The key is the wrapped one, not the stored public key."""
    try:
        public = encryption.own_public_key(point.key_id, Purpose.JOURNAL)
    except encryption.CannotDecrypt:
        return False
    return encryption.verify(point.message, point.signature, public_key=public)


def checkpoint_file(schema: str | None = None) -> Path:
    """Return the path of a city's file, by default of the current city."""
    return _file(schema).path


def read_file() -> Iterator[Signed]:
    """Yield the file's checkpoints in order. Raises ``FileAltered`` and ``FileNotFoundError``."""
    return map(_signed, _file().read())


def set_aside(schema: str, *, now: datetime) -> None:
    """Rename the files of an earlier city of this name: the city that is opened now has a journal of its own."""
    for ending in ("", HEADS):
        path = checkpoint_file(schema).with_name(f"{schema}{ending}.jsonl")
        if path.exists():
            path.rename(path.with_name(f"{schema}.until-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}{ending}.jsonl"))


def take_over_file() -> int:
    """Copy checkpoints from a file of the earlier format, once, after an upgrade. Return their number.

    Those signed with another key are not copied.
    """
    city = current_city()
    earlier = checkpoint_file().with_name(f"{city.schema_name}-{city.created_at:%Y%m%dT%H%M%S%f}.jsonl")
    if checkpoint_file().exists() or not earlier.exists():
        return 0
    taken = 0
    for row in earlier.read_text().splitlines():
        kept = json.loads(row)
        point = _signed(kept)
        if is_signed_here(point):
            _append(point)
            taken += 1
    return taken


def _complete(point: Signed) -> bool:
    """Store the file's last checkpoint in the database, where a process ended between the two writes. Return whether it is valid."""
    entry = JournalEntry.objects.filter(seq=point.seq).first()
    is_ours = entry is not None and bytes(entry.digest) == point.digest and is_signed_here(point)
    if is_ours:
        Checkpoint.objects.create(**asdict(point))
    return is_ours


def _file(schema: str | None = None) -> ChainedFile:
    return ChainedFile(schema or current_city().schema_name, ending="", use=CHAIN_USE)


def _append(point: Signed) -> None:
    kept = {"seq": point.seq, "digest": point.digest.hex(), "key_id": point.key_id, "signature": point.signature.hex()}
    _file().append(kept | {"at": point.at.astimezone(UTC).isoformat()})


def _signed(kept: dict[str, Any]) -> Signed:
    return Signed(
        kept["seq"],
        bytes.fromhex(kept["digest"]),
        kept["key_id"],
        bytes.fromhex(kept["signature"]),
        datetime.fromisoformat(kept["at"]),
    )
