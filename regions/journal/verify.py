"""Verification of the journal: finds and names an edit, deletion, reordering, insertion, cut tail or removed checkpoint."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min, TextChoices
from django.utils.translation import gettext_lazy as _

from regions.journal.chained_file import FileAltered
from regions.journal.checkpoints import Signed, is_signed_here, read_file
from regions.journal.heads import BadHead, CoSigned, kept_heads
from regions.journal.models import Checkpoint, JournalEntry
from regions.journal.record import GENESIS, digest_of, record
from regions.keys.encryption import compromised_keys
from regions.keys.models import Purpose
from regions.proposals import require_role_or_operator
from regions.staff.roles import Role
from regions.vocabulary import label_in


class ChainBreak(TextChoices):
    MISSING_ENTRY = "missing_entry", _("entry {entry} is missing; {stands} stands in its place")
    DOES_NOT_FOLLOW = "does_not_follow", _("it does not follow the entry before it")
    CHANGED = "changed", _("its content was changed after it was written")
    FOREIGN_SIGNATURE = "foreign_signature", _("a checkpoint's signature is not of this city")
    TAIL_CUT = "tail_cut", _("the tail is cut: a signed checkpoint knows {entries} entries")
    WRITTEN_ANEW = "written_anew", _("the chain was written anew: a signed checkpoint holds another digest")
    NO_FILE = "no_file", _("the file of checkpoints outside the database is missing")
    FILE_ALTERED = "file_altered", _("the file of checkpoints outside the database was altered")
    CHECKPOINT_REMOVED = "checkpoint_removed", _("a checkpoint was removed from the database")
    NOT_IN_FILE = "not_in_file", _("a checkpoint is missing in the file outside the database")
    COMPROMISED_KEY = (
        "compromised_key",
        _("a checkpoint was signed after its key was compromised, and no witness has seen the journal since"),
    )
    HEADS_ALTERED = "heads_altered", _("the file of co-signed heads outside the database was altered")
    WITNESS_KNOWS_MORE = "witness_knows_more", _("the tail is cut: {witness} has co-signed {entries} entries")
    WITNESS_DISAGREES = "witness_disagrees", _("the chain was written anew: {witness} has co-signed another digest")
    UNSIGNED = "unsigned", _("no signed checkpoint covers the entries from here on")


ENTRIES = """
SELECT seq, at, by, verb, subject, data::text, rows::text, previous, digest FROM journal_journalentry ORDER BY seq
"""
ENTRIES_AT_ONCE = 2000
DIGEST_BYTES = 32
# A checkpoint is signed in every minute in which the journal grew.
LONGEST_UNSIGNED = timedelta(days=1)
# Heads are co-signed once a day.
LONGEST_UNWITNESSED = timedelta(days=2)


@dataclass(frozen=True)
class Verification:
    """The result. ``broken_at`` is the first wrong sequence number and ``broken`` the fault; ``None`` if the chain is intact."""

    entries: int
    checkpoints: int
    broken_at: int | None = None
    broken: ChainBreak | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    # Valid co-signed heads, the newest entry they cover, and whether entries older than two days have no witness.
    heads: int = 0
    witnessed: int = 0
    is_unwitnessed: bool = False

    @property
    def reason(self) -> str:
        """The fault as commands print it; empty if the chain is intact."""
        return label_in("en", self.broken, **self.parts) if self.broken else ""


def verify_journal(*, now: datetime, heads: Sequence[CoSigned] = ()) -> Verification:
    """Verify the current city's whole chain, all its checkpoints, and the heads in its file.

    ``heads`` are further heads, held by a witness, that the chain must contain.
    """
    digests = bytearray()
    previous = GENESIS
    # Read before the entries: a checkpoint written meanwhile would cover entries that were not read.
    stored = [Signed.of(point) for point in Checkpoint.objects.order_by("seq").iterator()]
    count = 0
    for entry in _entries():
        count += 1
        if entry.seq != count:
            parts = {"entry": count, "stands": entry.seq}
            return Verification(count, 0, count, ChainBreak.MISSING_ENTRY, parts)
        if entry.previous != previous:
            return Verification(count, 0, count, ChainBreak.DOES_NOT_FOLLOW)
        if digest_of(entry) != entry.digest:
            return Verification(count, 0, count, ChainBreak.CHANGED)
        previous = entry.digest
        digests += previous
    try:
        known = [*kept_heads(), *heads]
    except (FileAltered, BadHead):
        return Verification(count, 0, count, ChainBreak.HEADS_ALTERED)
    witnessed = max((one.head.seq for one in known), default=0)
    found = _verify_heads(count, digests, known) or _verify_checkpoints(count, digests, stored, witnessed, now)
    if found.broken is None:
        is_late = is_unwitnessed_after(witnessed, now=now)
        found = replace(found, heads=len(known), witnessed=witnessed, is_unwitnessed=is_late)
    return found


@dataclass(slots=True)
class ReadEntry:
    """An entry as read here; creating a model instance would take as long as computing its digest."""

    seq: int
    at: datetime
    by: str
    verb: str
    subject: str
    data: Any
    rows: Any
    previous: bytes
    digest: bytes


def _entries() -> Iterator[ReadEntry]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(ENTRIES)
        while some := cursor.fetchmany(ENTRIES_AT_ONCE):
            for seq, at, by, verb, subject, data, rows, previous, digest in some:
                content, changed = json.loads(data), json.loads(rows) if rows else None
                yield ReadEntry(seq, at, by, verb, subject, content, changed, bytes(previous), bytes(digest))


def is_unwitnessed_after(seq: int, *, now: datetime) -> bool:
    """Return whether entries older than two days follow the newest one that was co-signed."""
    return JournalEntry.objects.filter(seq__gt=seq, at__lt=now - LONGEST_UNWITNESSED).exists()


def _verify_heads(count: int, digests: bytearray, heads: Sequence[CoSigned]) -> Verification | None:
    """Check that the chain contains each co-signed head."""
    for one in sorted(heads, key=lambda one: one.head.seq):
        seq, parts = one.head.seq, {"witness": one.witness, "entries": one.head.seq}
        if seq > count:
            return Verification(count, 0, count + 1, ChainBreak.WITNESS_KNOWS_MORE, parts)
        if _digest_at(seq, digests) != one.head.digest:
            return Verification(count, 0, seq, ChainBreak.WITNESS_DISAGREES, parts)
    return None


def _verify_checkpoints(
    count: int, digests: bytearray, stored: Sequence[Signed], witnessed: int, now: datetime
) -> Verification:
    """Check the checkpoints, first those of the file, which may contain some that were removed from the database."""
    kept: list[Signed] = []
    stolen = compromised_keys(Purpose.JOURNAL)
    try:
        for point in read_file():
            kept.append(point)
            if broken := _broken(point, count, digests, len(kept)):
                return broken
            if point.key_id in stolen and point.at > stolen[point.key_id] and point.seq > witnessed:
                return Verification(count, len(kept), point.seq, ChainBreak.COMPROMISED_KEY)
    except FileNotFoundError:
        if stored:
            return Verification(count, 0, stored[0].seq, ChainBreak.NO_FILE)
    except FileAltered as altered:
        return Verification(count, len(kept), altered.seq + 1, ChainBreak.FILE_ALTERED)
    signed = {(point.seq, point.digest, point.key_id, point.signature) for point in kept}
    for point in stored:
        if (point.seq, point.digest, point.key_id, point.signature) in signed:
            continue  # its signature has been checked
        if broken := _broken(point, count, digests, len(kept)):
            return broken
    return _compared(count, kept, stored, now)


def _broken(point: Signed, count: int, digests: bytearray, checked: int) -> Verification | None:
    if not is_signed_here(point):
        return Verification(count, checked, point.seq, ChainBreak.FOREIGN_SIGNATURE)
    if point.seq > count:
        return Verification(count, checked, count + 1, ChainBreak.TAIL_CUT, {"entries": point.seq})
    if _digest_at(point.seq, digests) != point.digest:
        return Verification(count, checked, point.seq, ChainBreak.WRITTEN_ANEW)
    return None


def _digest_at(seq: int, digests: bytearray) -> bytes:
    return bytes(digests[DIGEST_BYTES * (seq - 1) : DIGEST_BYTES * seq])


def _compared(count: int, kept: Sequence[Signed], stored: Sequence[Signed], now: datetime) -> Verification:
    """Check that database and file hold the same checkpoints, and that these cover the entries.

    The last checkpoint may be in the file only, if a process ended between the two writes. Entries wait about a minute for a
    checkpoint. How long they have waited is measured by the clock, and by later entries in case the clock was set back.
    """
    in_database, in_file = {point.seq for point in stored}, {point.seq for point in kept}
    if removed := sorted({point.seq for point in kept[:-1]} - in_database):
        return Verification(count, len(kept), removed[0], ChainBreak.CHECKPOINT_REMOVED)
    if missing := sorted(in_database - in_file):
        return Verification(count, len(kept), missing[0], ChainBreak.NOT_IN_FILE)
    covered = max(in_file, default=0)
    uncovered = JournalEntry.objects.filter(seq__gt=covered).aggregate(first=Min("at"), last=Max("at"))
    first, last = uncovered["first"], uncovered["last"]
    if first and (not covered or max(now, last) - first > LONGEST_UNSIGNED):
        return Verification(count, len(kept), covered + 1, ChainBreak.UNSIGNED)
    return Verification(count, len(kept))


ASKED = "journal.verification_asked"
VERIFIED = "journal.verified"
# Number of entries that are verified during a request; a worker verifies a longer chain.
AT_ONCE = 20_000


@dataclass(frozen=True)
class ChainState:
    """The last verification, and a later request that has not been answered yet; each ``None`` if there is none."""

    last: JournalEntry | None
    awaited: JournalEntry | None


def request_verification(*, by: str, now: datetime) -> bool:
    """Record a request for verification. Return whether the chain is short enough to verify at once. Raises ``NotAllowed``."""
    require_role_or_operator(by, Role.AUDITOR, Role.AUDIT_ADMIN)
    with transaction.atomic():
        asked = record(ASKED, by=by, now=now)
    return asked.seq <= AT_ONCE


def verify_and_record(*, by: str, now: datetime, heads: Sequence[CoSigned] = ()) -> Verification:
    """Verify the chain and record the result. Raises ``NotAllowed``."""
    require_role_or_operator(by, Role.AUDITOR, Role.AUDIT_ADMIN)
    found = verify_journal(now=now, heads=heads)
    data: dict[str, Any] = {"entries": found.entries, "checkpoints": found.checkpoints}
    if found.is_unwitnessed:
        data["unwitnessed_after"] = found.witnessed
    if found.broken is not None:
        data |= {"broken_at": found.broken_at, "reason": found.broken.value, "parts": dict(found.parts)}
    with transaction.atomic():
        record(VERIFIED, by=by, now=now, data=data)
    return found


def chain_state() -> ChainState:
    """Return the state of verification as recorded in the journal, without reading the chain."""
    of_asked, of_verified = (JournalEntry.objects.filter(verb=verb).order_by("-seq")[:1] for verb in (ASKED, VERIFIED))
    newest = {entry.verb: entry for entry in of_asked.union(of_verified, all=True)}
    asked, last = newest.get(ASKED), newest.get(VERIFIED)
    is_awaited = asked is not None and (last is None or last.seq < asked.seq)
    return ChainState(last, asked if is_awaited else None)


def break_message(data: Mapping[str, Any], language: str) -> str:
    """Return the sentence for a broken chain. Entries older than the codes contain an English sentence."""
    reason = str(data["reason"])
    return label_in(language, ChainBreak(reason), **data["parts"]) if reason in set(ChainBreak) else reason
