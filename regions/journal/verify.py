"""Checking the journal: an edit, a deletion, a reorder, an insertion or a cut tail is found and named.

Checkpoints are kept twice, in the city's schema and in a file outside the database: a database superuser who cuts the
tail of the chain and the checkpoints with it still leaves the file behind.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from regions.journal.models import Checkpoint, JournalEntry
from regions.journal.record import GENESIS, digest_of, record
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from regions.tenancy import current_city
from regions.vocabulary import label_in


class ChainBreak(TextChoices):
    MISSING_ENTRY = "missing_entry", _("entry {entry} is missing; {stands} stands in its place")
    DOES_NOT_FOLLOW = "does_not_follow", _("it does not follow the entry before it")
    CHANGED = "changed", _("its content was changed after it was written")
    FOREIGN_SIGNATURE = "foreign_signature", _("a checkpoint's signature is not of this city")
    TAIL_CUT = "tail_cut", _("the tail is cut: a signed checkpoint knows {entries} entries")
    WRITTEN_ANEW = "written_anew", _("the chain was written anew: a signed checkpoint holds another digest")


@dataclass(frozen=True)
class Verification:
    """``broken_at`` is the first wrong sequence number, with how it is broken; none when the chain holds."""

    entries: int
    checkpoints: int
    broken_at: int | None = None
    broken: ChainBreak | None = None
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """The sentence as commands print it; empty when the chain holds."""
        return label_in("en", self.broken).format(**self.parts) if self.broken else ""


def verify_journal() -> Verification:
    """Walk the current city's whole chain and all its checkpoints."""
    digests: dict[int, bytes] = {}
    previous = GENESIS
    wanted = {point[0] for point in _known_checkpoints()}
    count = 0
    for entry in JournalEntry.objects.order_by("seq").iterator(chunk_size=5000):
        count += 1
        if entry.seq != count:
            parts = {"entry": count, "stands": entry.seq}
            return Verification(count, 0, count, ChainBreak.MISSING_ENTRY, parts)
        if bytes(entry.previous) != previous:
            return Verification(count, 0, count, ChainBreak.DOES_NOT_FOLLOW)
        if digest_of(entry) != bytes(entry.digest):
            return Verification(count, 0, count, ChainBreak.CHANGED)
        previous = bytes(entry.digest)
        if entry.seq in wanted:
            digests[entry.seq] = previous
    return _verify_checkpoints(count, digests)


def write_checkpoint(*, now: datetime) -> Checkpoint | None:
    """Sign the chain's present length and digest; none when it is empty or nothing was added since the last."""
    with transaction.atomic():
        last = JournalEntry.objects.order_by("-seq").first()
        if last is None or Checkpoint.objects.filter(seq=last.seq).exists():
            return None
        key_id, signature = encryption.sign(_message(last.seq, bytes(last.digest)), purpose=Purpose.JOURNAL)
        point = Checkpoint.objects.create(seq=last.seq, digest=last.digest, at=now, key_id=key_id, signature=signature)
    _append_to_file(point)
    return point


def _verify_checkpoints(count: int, digests: dict[int, bytes]) -> Verification:
    checked = 0
    public = {key.pk: bytes(key.public_key or b"") for key in CityKey.objects.filter(purpose=Purpose.JOURNAL)}
    for seq, digest, key_id, signature in _known_checkpoints():
        checked += 1
        if key_id not in public or not encryption.verify(_message(seq, digest), signature, public_key=public[key_id]):
            return Verification(count, checked, seq, ChainBreak.FOREIGN_SIGNATURE)
        if seq > count:
            return Verification(count, checked, count + 1, ChainBreak.TAIL_CUT, {"entries": seq})
        if digests.get(seq) != digest:
            return Verification(count, checked, seq, ChainBreak.WRITTEN_ANEW)
    return Verification(count, checked)


def _known_checkpoints() -> Iterator[tuple[int, bytes, int, bytes]]:
    for point in Checkpoint.objects.order_by("seq").iterator():
        yield point.seq, bytes(point.digest), point.key_id, bytes(point.signature)
    path = _file()
    if path.exists():
        for line in path.read_text().splitlines():
            kept = json.loads(line)
            yield kept["seq"], bytes.fromhex(kept["digest"]), kept["key_id"], bytes.fromhex(kept["signature"])


def _append_to_file(point: Checkpoint) -> None:
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {"seq": point.seq, "digest": bytes(point.digest).hex(), "key_id": point.key_id}
    kept |= {"signature": bytes(point.signature).hex(), "at": point.at.astimezone(UTC).isoformat()}
    with path.open("a") as file:
        file.write(json.dumps(kept) + "\n")


def _file() -> Path:
    city = current_city()
    return Path(settings.JOURNAL_CHECKPOINTS) / f"{city.schema_name}-{city.created_at:%Y%m%dT%H%M%S%f}.jsonl"


def _message(seq: int, digest: bytes) -> bytes:
    return f"journal {current_city().schema_name} {seq} ".encode() + digest


ASKED = "journal.verification_asked"
VERIFIED = "journal.verified"
# Entries that are checked while somebody waits; a worker checks a longer chain.
AT_ONCE = 20_000


@dataclass(frozen=True)
class ChainState:
    """The last check, and a later request whose check has not ended; none where there is none."""

    last: JournalEntry | None
    awaited: JournalEntry | None


def request_verification(*, by: str, now: datetime) -> bool:
    """Record that somebody wants the chain checked; whether it is short enough to be checked at once."""
    with transaction.atomic():
        asked = record(ASKED, by=by, now=now)
    return asked.seq <= AT_ONCE


def verify_and_record(*, by: str, now: datetime) -> Verification:
    found = verify_journal()
    data: dict[str, Any] = {"entries": found.entries, "checkpoints": found.checkpoints}
    if found.broken is not None:
        data |= {"broken_at": found.broken_at, "reason": found.broken.value, "parts": dict(found.parts)}
    with transaction.atomic():
        record(VERIFIED, by=by, now=now, data=data)
    return found


def chain_state() -> ChainState:
    """Read from the journal, without walking the chain."""
    newest = {verb: JournalEntry.objects.filter(verb=verb).order_by("-seq").first() for verb in (ASKED, VERIFIED)}
    asked, last = newest[ASKED], newest[VERIFIED]
    is_awaited = asked is not None and (last is None or last.seq < asked.seq)
    return ChainState(last, asked if is_awaited else None)


def break_message(data: Mapping[str, Any], language: str) -> str:
    """How a check found the chain broken; entries older than the codes hold an English sentence."""
    reason = str(data["reason"])
    return label_in(language, ChainBreak(reason)).format(**data["parts"]) if reason in set(ChainBreak) else reason
