"""Writing the journal, inside the transaction of the recorded change and in one order for the whole city."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from django.db import connection
from django.db.transaction import TransactionManagementError

from regions.accounted import SETTING, forget_noted, read_noted
from regions.copying import copy_rows
from regions.journal.models import JournalEntry
from regions.locks import TAKE_LOCK

# Created once: this halves the time to verify a long journal.
CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
GENESIS = b"\x00" * 32
COLUMNS = ("seq", "at", "by", "verb", "subject", "data", "rows", "previous", "digest")
# Two statements in one message: the snapshot of the second is taken when the lock is held.
BEFORE = f"""
{TAKE_LOCK};
SELECT last.seq, last.digest, current_setting(%(noted)s, true)
FROM (SELECT) AS one LEFT JOIN LATERAL (SELECT seq, digest FROM journal_journalentry ORDER BY seq DESC LIMIT 1) AS last ON true
"""  # noqa: S608 - of ours


class Act(NamedTuple):
    """An entry to be written. ``data`` must be JSON and contain no ID number, phone or secret.

    ``rows`` are accounted rows to record in addition to those the act changed (``regions.accounted.packed``).
    """

    verb: str
    subject: str = ""
    data: Mapping[str, Any] = {}
    rows: Sequence[Mapping[str, Any]] = ()


def record(
    verb: str, *, by: str, now: datetime, subject: str = "", data: Mapping[str, Any] | None = None
) -> JournalEntry:
    """Append one act to the current city's chain.

    ``data`` must be JSON and contain no ID number, phone or secret: auditors read the journal, and it is never deleted.

    Raises ``TransactionManagementError`` outside a transaction, where an entry could remain although its change was rolled back.
    """
    return record_all([Act(verb, subject, data or {})], by=by, now=now)[0]


def record_all(acts: Iterable[Act], *, by: str, now: datetime) -> list[JournalEntry]:
    """Append many acts at once, each as an entry of its own, under one lock."""
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
    copy_rows(
        JournalEntry._meta.db_table, COLUMNS, ([getattr(entry, column) for column in COLUMNS] for entry in entries)
    )
    return entries


def _before() -> tuple[int, bytes, list[Any]]:
    """Return the end of the chain, and the changes of accounted rows in this transaction since its last entry."""
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, {"lock": "journal", "noted": SETTING})
        seq, digest, noted = cursor.fetchone()
    return seq or 0, bytes(digest) if digest is not None else GENESIS, read_noted(noted or "")


class EntryFields(Protocol):
    """The fields a digest covers, of a model instance or of a row read without one."""

    seq: int
    at: datetime
    by: str
    verb: str
    subject: str
    data: Any
    rows: Any
    previous: Any


def digest_of(entry: EntryFields) -> bytes:
    """Compute the entry's digest from its fields and the previous digest."""
    content = {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": entry.by,
        "verb": entry.verb,
        "subject": entry.subject,
        "data": entry.data,
    }
    if entry.rows:  # older entries have no rows, and their digests stay valid
        content["rows"] = entry.rows
    return hashlib.sha256(bytes(entry.previous) + CANONICAL.encode(content).encode()).digest()
