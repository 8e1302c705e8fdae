"""Writing the journal: inside the transaction of the change it tells of, in one order for the whole city."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.transaction import TransactionManagementError

from regions.journal.models import JournalEntry
from regions.locks import advisory_lock

GENESIS = b"\x00" * 32


class Act(NamedTuple):
    """An entry to be written: ``data`` must be JSON and hold no ID number, phone or secret."""

    verb: str
    subject: str = ""
    data: Mapping[str, Any] = {}


def record(
    verb: str, *, by: str, now: datetime, subject: str = "", data: Mapping[str, Any] | None = None
) -> JournalEntry:
    """Append one act to the current city's chain.

    ``data`` must be JSON and hold no ID number, phone or secret: the journal is read by auditors and never deleted.
    Raises ``TransactionManagementError`` outside a transaction: an entry that could outlive its change would lie.
    """
    return record_all([Act(verb, subject, data or {})], by=by, now=now)[0]


def record_all(acts: Iterable[Act], *, by: str, now: datetime) -> list[JournalEntry]:
    """Append many acts at once, each an entry of its own; the lock is held for all of them."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("a journal entry outside the transaction of its change")
    advisory_lock("journal")  # the chain grows one entry at a time
    last = JournalEntry.objects.order_by("-seq").values_list("seq", "digest").first()
    seq, previous = (last[0], bytes(last[1])) if last else (0, GENESIS)
    entries = []
    for act in acts:
        seq += 1
        entry = JournalEntry(
            seq=seq, at=now, by=by, verb=act.verb, subject=act.subject, data=dict(act.data), previous=previous
        )
        entry.digest = previous = digest_of(entry)
        entries.append(entry)
    return JournalEntry.objects.bulk_create(entries, batch_size=1000)


def digest_of(entry: JournalEntry) -> bytes:
    """What the entry's digest must be, from its own fields and the previous digest."""
    content = {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": entry.by,
        "verb": entry.verb,
        "subject": entry.subject,
        "data": entry.data,
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(bytes(entry.previous) + text.encode()).digest()
