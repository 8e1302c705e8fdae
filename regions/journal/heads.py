"""Heads of the journal that a witness has co-signed: whoever keeps one can prove that the end of the journal was cut off.

A head states the length of a city's journal and the digest of its last entry. Another city of the installation signs it with the
key of its own journal and records that in its journal; an outside witness and the auditor's off-line key sign the same text. The
signatures are stored in a file next to the checkpoints, and exported as JSON lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from regions.actors import SYSTEM
from regions.journal.chained_file import ChainedFile, Content
from regions.journal.checkpoints import HEADS
from regions.journal.models import Checkpoint, JournalEntry
from regions.journal.record import record
from regions.keys import encryption
from regions.keys.models import Purpose
from regions.locks import advisory_lock
from regions.tenancy import current_city

CHAIN_USE = "co-signed journal heads"
WITNESSED = "journal.witnessed"
PUBLIC_KEY_BYTES, SIGNATURE_BYTES = 32, 64
# What identifies a head of one witness in the file; the same head may have been signed twice.
SAME = ("city", "seq", "digest", "at", "witness")


class BadHead(ValueError):
    """Raised when a text is not a valid head or signature of one; the message says why."""


@dataclass(frozen=True, slots=True)
class Head:
    city: str
    seq: int
    digest: bytes
    at: datetime

    @property
    def text(self) -> bytes:
        """The text that every witness signs: plain lines, which any program for Ed25519 can sign off-line."""
        at = self.at.astimezone(UTC).isoformat()
        return f"journal head\ncity {self.city}\nentry {self.seq}\nsha256 {self.digest.hex()}\nat {at}\n".encode()

    @classmethod
    def read(cls, text: bytes) -> "Head":
        """Parse ``text``. Raises ``BadHead``."""
        try:
            title, *lines = text.decode("ascii").splitlines()
            fields = dict(line.split(" ", 1) for line in lines)
            at = datetime.fromisoformat(fields["at"])
            head = cls(fields["city"], int(fields["entry"]), bytes.fromhex(fields["sha256"]), at)
        except (ValueError, KeyError) as error:
            raise BadHead("not a head of a journal") from error
        if title != "journal head" or head.text != text:
            raise BadHead("not a head of a journal as it was written")
        return head


@dataclass(frozen=True, slots=True)
class CoSigned:
    """A head with a witness's signature. ``witness`` is ``city:<schema>``, ``outside`` or ``auditor``."""

    head: Head
    witness: str
    public_key: bytes
    signature: bytes
    signed_at: datetime

    @property
    def holds(self) -> bool:
        if len(self.public_key) != PUBLIC_KEY_BYTES or len(self.signature) != SIGNATURE_BYTES:
            return False
        return encryption.verify(self.head.text, self.signature, public_key=self.public_key)

    def as_json(self) -> dict[str, Any]:
        return {
            "city": self.head.city,
            "seq": self.head.seq,
            "digest": self.head.digest.hex(),
            "at": self.head.at.astimezone(UTC).isoformat(),
            "witness": self.witness,
            "public_key": self.public_key.hex(),
            "signature": self.signature.hex(),
            "signed_at": self.signed_at.astimezone(UTC).isoformat(),
        }

    @classmethod
    def from_json(cls, data: Any) -> "CoSigned":
        """Raises ``BadHead``, also if the signature is not valid for this key and head."""
        try:
            at, signed_at = (datetime.fromisoformat(data[name]) for name in ("at", "signed_at"))
            head = Head(str(data["city"]), int(data["seq"]), bytes.fromhex(data["digest"]), at)
            keyed = bytes.fromhex(data["public_key"]), bytes.fromhex(data["signature"])
            one = cls(head, str(data["witness"]), *keyed, signed_at)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadHead("not a co-signed head") from error
        if not one.holds:
            raise BadHead(f"the signature under entry {head.seq} is not {one.witness}'s")
        return one


def present_head() -> Head | None:
    """Return the head of the current city's last checkpoint, or ``None`` if there is none."""
    point = Checkpoint.objects.order_by("-seq").first()
    return Head(current_city().schema_name, point.seq, bytes(point.digest), point.at) if point else None


def kept_heads() -> list[CoSigned]:
    """Return the co-signed heads in the current city's file. Raises ``FileAltered``."""
    return [CoSigned.from_json(line) for line in _lines()]


def last_of_each_witness() -> dict[str, CoSigned]:
    """Return the newest head of each witness in the current city's file. Only their signatures are checked. Raises ``FileAltered``."""
    lines = {line["witness"]: line for line in _lines()}
    return {witness: CoSigned.from_json(line) for witness, line in lines.items()}


def last_head() -> CoSigned | None:
    """Return the newest head in the file. Only its signature is checked."""
    line = _file().last()
    return CoSigned.from_json(line) if line else None


def keep(one: CoSigned) -> bool:
    """Add a head to the current city's file unless it is there. Return whether it was added.

    Raises ``BadHead``, ``FileAltered`` and ``OSError``.
    """
    if one.head.city != current_city().schema_name or not one.holds:
        raise BadHead(f"no head of {current_city().schema_name} that {one.witness} has signed")
    if not JournalEntry.objects.filter(seq=one.head.seq, digest=one.head.digest).exists():
        raise BadHead(f"the journal's entry {one.head.seq} is not that of the head")
    with transaction.atomic():
        advisory_lock("journal heads")
        line_to_add = one.as_json()
        if any(all(line[name] == line_to_add[name] for name in SAME) for line in _lines()):
            return False
        _file().append(line_to_add)
    return True


def co_sign(head: Head, *, now: datetime) -> CoSigned:
    """Sign another city's head as the current city and record that in this city's journal. A head is signed only once."""
    with transaction.atomic():
        advisory_lock("co-signing")
        for one in co_signed_for(head.city, seq=head.seq):
            if one.head == head:
                return one
        key = encryption.signing_key(Purpose.JOURNAL)
        one = CoSigned(head, f"city:{current_city().schema_name}", key.public_key, key.sign(head.text), now)
        record(WITNESSED, by=SYSTEM, now=now, subject=f"city:{head.city}", data={**one.as_json(), "key": key.number})
    return one


def co_signed_for(city: str, *, seq: int | None = None) -> Iterator[CoSigned]:
    """Yield the heads of another city that the current city has co-signed, by its journal.

    Signatures made with a key after it was compromised are left out. ``seq`` selects heads of that length.
    """
    stolen = encryption.compromised_keys(Purpose.JOURNAL)
    entries = JournalEntry.objects.filter(subject=f"city:{city}", verb=WITNESSED)
    if seq is not None:
        entries = entries.filter(data__seq=seq)
    for data, at in entries.order_by("seq").values_list("data", "at"):
        if data["key"] in stolen and at > stolen[data["key"]]:
            continue
        one = CoSigned.from_json(data)
        if one.public_key == encryption.own_public_key(data["key"], Purpose.JOURNAL):
            yield one


def witness_of(city: str, schemas: Sequence[str]) -> str | None:
    """Return the city that co-signs for ``city``: the next in the ring of all cities by name, or ``None`` if there is no other."""
    ring = sorted({city, *schemas})
    following = ring[(ring.index(city) + 1) % len(ring)]
    return following if following != city else None


def _lines() -> Iterator[Content]:
    """Yield the lines of the current city's file; none if it does not exist yet. Raises ``FileAltered``."""
    file = _file()
    return file.read() if file.path.exists() else iter(())


def _file() -> ChainedFile:
    return ChainedFile(current_city().schema_name, ending=HEADS, use=CHAIN_USE)
