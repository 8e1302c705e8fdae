"""Writing the journal: inside the transaction of the change it tells of, in one order for the whole city."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from django.db import connection
from django.db.transaction import TransactionManagementError

from regions.accounted import SETTING, forget_noted, read_noted
from regions.journal.models import JournalEntry
from regions.locks import TAKE_LOCK

# Made once: a long journal is verified in half the time.
CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
GENESIS = b"\x00" * 32
# Two statements in one message: what the second one sees begins when the lock is held.
BEFORE = f"""
{TAKE_LOCK};
SELECT last.seq, last.digest, current_setting(%(noted)s, true)
FROM (SELECT) AS one LEFT JOIN LATERAL (SELECT seq, digest FROM journal_journalentry ORDER BY seq DESC LIMIT 1) AS last ON true
"""  # noqa: S608 - of ours


class Act(NamedTuple):
    """An entry to be written: ``data`` must be JSON and hold no ID number, phone or secret.

    ``rows``: accounted rows it tells of beside those it changed (``regions.accounted.packed``).
    """

    verb: str
    subject: str = ""
    data: Mapping[str, Any] = {}
    rows: Sequence[Mapping[str, Any]] = ()


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
    acts = list(acts)
    if not acts:
        return []
    seq, previous, changed = _before()
    entries = []
    for act in acts:
        seq += 1
        entry = JournalEntry(seq=seq, at=now, by=by, verb=act.verb, subject=act.subject, data=dict(act.data))
        entry.previous, entry.rows = previous, [*changed, *act.rows] or None
        entry.digest = previous = digest_of(entry)
        changed = []
        entries.append(entry)
    if entries and entries[0].rows:
        forget_noted()
    return JournalEntry.objects.bulk_create(entries, batch_size=1000)


def _before() -> tuple[int, bytes, list[Any]]:
    """The end of the chain, which grows one entry at a time, and what the transaction has done to accounted rows since its last
    entry.
    """
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, {"lock": "journal", "noted": SETTING})
        seq, digest, noted = cursor.fetchone()
    return seq or 0, bytes(digest) if digest is not None else GENESIS, read_noted(noted or "")


class EntryFields(Protocol):
    """What a digest covers: of a row, or of what was read of one."""

    seq: int
    at: datetime
    by: str
    verb: str
    subject: str
    data: Any
    rows: Any
    previous: Any


def digest_of(entry: EntryFields) -> bytes:
    """What the entry's digest must be, from its own fields and the previous digest."""
    content = {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": entry.by,
        "verb": entry.verb,
        "subject": entry.subject,
        "data": entry.data,
    }
    if entry.rows:  # earlier entries have none, and their digests stand
        content["rows"] = entry.rows
    return hashlib.sha256(bytes(entry.previous) + CANONICAL.encode(content).encode()).digest()
