"""Heads of the journal that somebody else has co-signed: a cut tail is missed by whoever keeps one.

A head says how long a city's journal was and what its last entry said. Another city of the installation signs it with the key of its
own journal and records that in its own journal; an outside witness and the auditor's off-line key sign the same text. The
signatures are kept in a file beside the checkpoints, and exported as JSON lines for whoever wants to hold them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

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
# A head of one witness, in the file's words; the same may have been signed twice.
SAME = ("city", "seq", "digest", "at", "witness")


class BadHead(ValueError):
    """What is given as a head or a signature of one is none; the message says why."""


@dataclass(frozen=True, slots=True)
class Head:
    city: str
    seq: int
    digest: bytes
    at: datetime

    @property
    def text(self) -> bytes:
        """What every witness signs: plain lines, which can be signed off-line by any program for Ed25519."""
        at = self.at.astimezone(UTC).isoformat()
        return f"journal head\ncity {self.city}\nentry {self.seq}\nsha256 {self.digest.hex()}\nat {at}\n".encode()

    @classmethod
    def read(cls, text: bytes) -> "Head":
        """The inverse of ``text``. Raises ``BadHead``."""
        try:
            title, *lines = text.decode("ascii").splitlines()
            told = dict(line.split(" ", 1) for line in lines)
            at = datetime.fromisoformat(told["at"])
            head = cls(told["city"], int(told["entry"]), bytes.fromhex(told["sha256"]), at)
        except (ValueError, KeyError) as error:
            raise BadHead("not a head of a journal") from error
        if title != "journal head" or head.text != text:
            raise BadHead("not a head of a journal as it was written")
        return head


@dataclass(frozen=True, slots=True)
class CoSigned:
    """A head with a witness's signature. ``witness``: ``city:<schema>``, ``outside`` or ``auditor``."""

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
    def from_json(cls, told: Any) -> "CoSigned":
        """Raises ``BadHead``, also when the signature is not of this key and head."""
        try:
            at, signed_at = (datetime.fromisoformat(told[name]) for name in ("at", "signed_at"))
            head = Head(str(told["city"]), int(told["seq"]), bytes.fromhex(told["digest"]), at)
            keyed = bytes.fromhex(told["public_key"]), bytes.fromhex(told["signature"])
            one = cls(head, str(told["witness"]), *keyed, signed_at)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadHead("not a co-signed head") from error
        if not one.holds:
            raise BadHead(f"the signature under entry {head.seq} is not {one.witness}'s")
        return one


def present_head() -> Head | None:
    """Of the current city: what its last checkpoint signed; none without one."""
    point = Checkpoint.objects.order_by("-seq").first()
    return Head(current_city().schema_name, point.seq, bytes(point.digest), point.at) if point else None


def kept_heads() -> list[CoSigned]:
    """Of the current city, from the file. Raises ``FileAltered``."""
    return [CoSigned.from_json(line) for line in _lines()]


def last_of_each_witness() -> dict[str, CoSigned]:
    """Of the current city, the newest of each witness; the signatures of the others are left unchecked. Raises ``FileAltered``."""
    lines = {line["witness"]: line for line in _lines()}
    return {witness: CoSigned.from_json(line) for witness, line in lines.items()}


def last_head() -> CoSigned | None:
    """The newest in the file, without checking the others."""
    line = _file().last()
    return CoSigned.from_json(line) if line else None


def keep(one: CoSigned) -> bool:
    """Add it to the current city's file, once; whether it was new. Raises ``BadHead``, ``FileAltered`` and ``OSError``."""
    if one.head.city != current_city().schema_name or not one.holds:
        raise BadHead(f"no head of {current_city().schema_name} that {one.witness} has signed")
    if not JournalEntry.objects.filter(seq=one.head.seq, digest=one.head.digest).exists():
        raise BadHead(f"the journal's entry {one.head.seq} is not that of the head")
    with transaction.atomic():
        advisory_lock("journal heads")
        told = one.as_json()
        if any(all(line[name] == told[name] for name in SAME) for line in _lines()):
            return False
        _file().append(told)
    return True


def co_sign(head: Head, *, now: datetime) -> CoSigned:
    """As the current city, for another one: sign its head and say so in this city's journal; the same head once."""
    with transaction.atomic():
        advisory_lock("co-signing")
        for one in co_signed_for(head.city, seq=head.seq):
            if one.head == head:
                return one
        key = encryption.signing_key(Purpose.JOURNAL)
        one = CoSigned(head, f"city:{current_city().schema_name}", key.public_key, key.sign(head.text), now)
        record(WITNESSED, by="system", now=now, subject=f"city:{head.city}", data={**one.as_json(), "key": key.number})
    return one


def co_signed_for(city: str, *, seq: int | None = None) -> Iterator[CoSigned]:
    """What the current city's journal says it has co-signed for another: by keys of its own that nobody else held then.

    ``seq``: of heads that are so long.
    """
    stolen = encryption.compromised_keys(Purpose.JOURNAL)
    told = JournalEntry.objects.filter(subject=f"city:{city}", verb=WITNESSED)
    if seq is not None:
        told = told.filter(data__seq=seq)
    for data, at in told.order_by("seq").values_list("data", "at"):
        if data["key"] in stolen and at > stolen[data["key"]]:
            continue
        one = CoSigned.from_json(data)
        if one.public_key == encryption.own_public_key(data["key"], Purpose.JOURNAL):
            yield one


def witness_of(city: str, schemas: Sequence[str]) -> str | None:
    """The next in the ring of all cities by name; none for a city that is alone."""
    ring = sorted({city, *schemas})
    following = ring[(ring.index(city) + 1) % len(ring)]
    return following if following != city else None


def _lines() -> Iterator[Content]:
    """What the current city's file says; nothing before its first head. Raises ``FileAltered``."""
    file = _file()
    return file.read() if file.path.exists() else iter(())


def _file() -> ChainedFile:
    return ChainedFile(current_city().schema_name, ending=HEADS, use=CHAIN_USE)
