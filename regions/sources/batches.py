"""A batch is opened and staged; then it is accepted in one transaction, held for two people, or refused whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from regions.journal.record import record
from regions.locks import session_lock
from regions.sources.connectors.delivery import SourceFault
from regions.sources.models import Batch, RangeHashes, Source
from regions.sources.ranges import is_full_due
from regions.sources.reasons import BatchReason
from regions.sources.staging import drop_staged

CLOCK_TOLERANCE = timedelta(minutes=5)
SMALLEST_SHARE_OF_BEFORE = 0.6
# In a small delivery a few bad records are a large share and no sign of a broken source.
MOST_BAD_WHATEVER_THE_SHARE = 20


class AlreadyCollecting(RuntimeError):
    """Raised if another process is collecting this source."""

    def __init__(self, source: Source) -> None:
        super().__init__(f"{source.code} is being collected already")


@contextmanager
def collecting(source: Source) -> Iterator[None]:
    """Hold the lock for collecting a source. Raises ``AlreadyCollecting``. PostgreSQL releases it if the process is killed."""
    with session_lock(collection_lock_name(source)) as taken:
        if not taken:
            raise AlreadyCollecting(source)
        yield


def collection_lock_name(source: Source) -> str:
    return f"collection of source {source.pk}"


def open_batch(source: Source, *, address: bytes | None, full: bool, by: str, now: datetime) -> Batch:
    """Open a batch that begins where the last accepted one ended, less an overlap; a full one begins at nothing.

    It is full on request, for the first collection from an address, and when a full comparison is due.
    """
    with transaction.atomic():
        for left in Batch.objects.filter(source=source, state=Batch.State.STAGING):
            refuse(left, BatchReason.ABANDONED, by=by, now=now)
        batch = Batch(source=source, started_at=now, address=address)
        batch.full = full or is_full_due(batch, now=now)
        last = None if batch.full else source.batches.accepted().first()
        batch.since = next_since(source, last.as_of if last else None)
        batch.save()
        return batch


def next_since(source: Source, horizon: datetime | None) -> datetime | None:
    """Return from where a source is read again: the horizon less an overlap, as some records are stored later than their instant."""
    return horizon - timedelta(hours=source.overlap_hours) if horizon else None


def clock_fault(batch: Batch, *, last: Batch | None, now: datetime) -> BatchReason | None:
    """Return the fault if the delivery's as_of is missing, in the future, or earlier than that of the last accepted one."""
    if batch.as_of is None or batch.as_of > now + CLOCK_TOLERANCE:
        return BatchReason.CLOCK_AHEAD
    if last and last.as_of and batch.as_of < last.as_of:
        return BatchReason.CLOCK_WENT_BACK
    return None


def has_too_many_bad(batch: Batch) -> bool:
    """Return whether more records are bad than the source's settings allow and than a small delivery may have in any case."""
    is_large_share = batch.quarantined > batch.source.max_bad_share * batch.extent
    return is_large_share and batch.quarantined > MOST_BAD_WHATEVER_THE_SHARE


def shrunk_from(batch: Batch) -> int | None:
    """Return the size of the last full delivery if this full one is empty or much smaller, which means that the source is broken."""
    if not batch.full:
        return None
    last = batch.source.batches.full().first()
    before, present = last.compared or 0 if last else 0, batch.compared or 0
    return before if present == 0 or present < SMALLEST_SHARE_OF_BEFORE * before else None


def refuse(batch: Batch, reason: BatchReason, *, by: str, now: datetime, **parts: Any) -> None:
    """Close the batch without taking any of its records."""
    _close(batch, Batch.State.REFUSED, reason.value, parts, by=by, now=now)


def refuse_for_fault(batch: Batch, fault: SourceFault, *, by: str, now: datetime) -> None:
    """Close the batch because its source could not be used; the source's own code and parameters are kept."""
    _close(batch, Batch.State.REFUSED, fault.reason.value, fault.parts, by=by, now=now)


def hold(batch: Batch, *, before: int, by: str, now: datetime) -> None:
    """Keep the staged records until two people have decided; earlier held batches are refused as overtaken."""
    with transaction.atomic():
        overtake(batch, by=by, now=now)
        batch.held_at = now
        parts = {"delivered": batch.compared, "before": before}
        _close(batch, Batch.State.HELD, BatchReason.SHRUNKEN_DELIVERY.value, parts, by=by, now=now)


def overtake(batch: Batch, *, by: str, now: datetime) -> None:
    """Refuse the source's other held batches, as only the latest delivery can be correct."""
    waiting = Batch.objects.filter(source=batch.source, state=Batch.State.HELD).exclude(pk=batch.pk)
    for held in waiting:
        refuse(held, BatchReason.OVERTAKEN, by=by, now=now)


def close_accepted(batch: Batch, *, accepted: int, by: str, now: datetime) -> None:
    """Accept the batch and move the horizon. Call in the transaction that took the records."""
    overtake(batch, by=by, now=now)
    _set_state(batch, Batch.State.ACCEPTED)
    batch.accepted = accepted
    batch.unchanged = batch.delivered - batch.quarantined - accepted
    batch.received_at = batch.closed_at = now
    batch.reason, batch.parts = "", {}
    batch.save()
    drop_staged(batch)
    if batch.full:
        RangeHashes.objects.filter(batch__source=batch.source).exclude(batch=batch).delete()
    record("batch.accepted", by=by, now=now, subject=f"source:{batch.source.code}", data=_journal_data(batch))


def _set_state(batch: Batch, state: Batch.State) -> None:
    Batch.TRANSITIONS.require(batch.state, state)
    batch.state = state


def _close(batch: Batch, state: Batch.State, reason: str, parts: dict[str, Any], *, by: str, now: datetime) -> None:
    _set_state(batch, state)
    batch.reason, batch.closed_at = reason, now
    batch.parts = {name: part if isinstance(part, int) else str(part) for name, part in parts.items()}
    with transaction.atomic():
        batch.save()
        if state == Batch.State.REFUSED:
            drop_staged(batch)
            batch.findings.all().delete()
            RangeHashes.objects.filter(batch=batch).delete()
        data = {**_journal_data(batch), "reason": reason, "parts": batch.parts}
        record(f"batch.{state.value}", by=by, now=now, subject=f"source:{batch.source.code}", data=data)


def _journal_data(batch: Batch) -> dict[str, Any]:
    return {
        "batch": batch.pk,
        "since": batch.since.isoformat() if batch.since else None,
        "as_of": batch.as_of.isoformat() if batch.as_of else None,
        "delivered": batch.delivered,
        **({"compared": batch.compared, "missing": batch.missing} if batch.full else {}),
        "late": batch.late,
        "changed": batch.changed,
        "accepted": batch.accepted,
        "unchanged": batch.unchanged,
        "quarantined": batch.quarantined,
    }
