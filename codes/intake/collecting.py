"""Collecting one source: fetched outside transactions, checked, then accepted, held or refused as a whole."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from codes.intake.citizens import REF_LETTERS, lock_intake
from codes.intake.comparing import find_unexpected
from codes.intake.names import keep_names_of_batch
from codes.statistics import refresh_statistics
from regions.journal.record import record
from regions.proposals import (
    may_still_propose,
    require_another,
    require_role,
    require_role_or_operator,
    require_standing,
    roles_of,
)
from regions.refusals import MovedMeanwhile
from regions.sources import batches
from regions.sources.batches import close_accepted
from regions.sources.collect import address_of, open_delivery
from regions.sources.connectors.delivery import SourceFault
from regions.sources.models import Batch, Source
from regions.sources.ranges import keep_comparison, known_ranges
from regions.sources.reasons import BatchReason
from regions.sources.staging import quarantine_conflicts, stage
from regions.sql import compose
from regions.staff.roles import Role
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
NEW_CITIZENS = compose(SQL, "new_citizens", ref_letters=REF_LETTERS)

MISSING_NAMES = compose(SQL, "missing_names")

NEW_VERSIONS = compose(SQL, "new_versions")

# A query plan made for the few rows of the last delivery is quadratic on the many rows of this one.
STAGED, HELD = ["sources_stagedrecord", "sources_quarantined"], ["codes_fact", "codes_citizen"]
WORTH_ANALYSING = 1000


def accept(batch: Batch, *, by: str, now: datetime) -> None:
    """Make facts of the batch's staged records and move the source's horizon, all in one transaction."""
    values: dict[str, Any] = {"batch": batch.pk, "source": batch.source_id, "now": now}
    with transaction.atomic():
        lock_intake()
        with connection.cursor() as cursor:
            cursor.execute(NEW_CITIZENS, values)
            cursor.execute(MISSING_NAMES, values)
            cursor.execute(NEW_VERSIONS, values)
            stored, wanted = cursor.fetchone()
        if stored != wanted:
            raise RuntimeError(f"batch {batch.pk}: {stored} of {wanted} versions found their citizen")
        keep_names_of_batch(batch, now=now)
        close_accepted(batch, accepted=stored, by=by, now=now)


def collect_source(source: Source, *, now: datetime, by: str, full: bool = False) -> Batch:
    """Collect the source and return the closed batch: accepted, held, or refused with its reason.

    Only an accepted batch moves the horizon.

    Raises ``AlreadyCollecting`` and ``NotAllowed``. A fault of the source raises nothing: it is the reason of a refused
    batch.
    """
    require_role_or_operator(by, Role.SOURCE_MANAGER)
    with batches.collecting(source):
        batch = batches.open_batch(source, address=address_of(source), full=full, by=by, now=now)
        try:
            reason = _receive(batch, afresh=full, now=now)
        except SourceFault as fault:
            batches.refuse_for_fault(batch, fault, by=by, now=now)
            return batch
        if reason is not None:
            batches.refuse(batch, reason, by=by, now=now)
            return batch
        _judge(batch, by=by, now=now)
        return batch


def _receive(batch: Batch, *, afresh: bool, now: datetime) -> BatchReason | None:
    """Stage the delivery. Return a reason if its clock already excludes it, else ``None``. Raises ``SourceFault``.

    ``afresh``: everything was requested, including unchanged records.
    """
    zone, last = current_city().zone, batch.source.batches.accepted().first()
    known = known_ranges(batch) if batch.full and not afresh else None
    ranges = known.ranges if known else None
    with open_delivery(batch.source, since=batch.since, zone=zone, full=batch.full, known=ranges) as delivery:
        batch.as_of = delivery.as_of
        if reason := batches.clock_fault(batch, last=last, now=now):
            return reason
        stage(batch, delivery.records, as_of=delivery.as_of, zone=zone)
    if batch.delivered >= WORTH_ANALYSING:
        refresh_statistics(STAGED, changed=True)
        refresh_statistics(HELD)
    quarantine_conflicts(batch)
    if batch.full:
        keep_comparison(batch, delivery.comparison)
    find_unexpected(batch, horizon=last.as_of if last else None, comparison=delivery.comparison, known=known)
    return None


def _judge(batch: Batch, *, by: str, now: datetime) -> None:
    before = batches.shrunk_from(batch)
    if batches.has_too_many_bad(batch):
        counts = {"bad": batch.quarantined, "delivered": batch.delivered}
        batches.refuse(batch, BatchReason.TOO_MANY_BAD, by=by, now=now, **counts)
    elif before is not None:
        batches.hold(batch, before=before, by=by, now=now)
    else:
        accept(batch, by=by, now=now)


def release(batch_id: int, *, by: str, now: datetime) -> Batch:
    """Request the release of a held batch.

    If it was requested already, accept the batch as an approver. Raises ``Refused``.

    A batch that a later one has overtaken in the meantime is refused with its reason.
    """
    with transaction.atomic():
        batch = _held(batch_id)
        if not batch.release_asked_by or (asker_has_left(batch) and Role.SOURCE_MANAGER in roles_of(by)):
            return _ask(batch, by=by, now=now)
        require_role(by, Role.APPROVER)
        require_standing(batch.release_asked_by, Role.SOURCE_MANAGER)
        require_another(by, proposed_by=batch.release_asked_by)
        last = batch.source.batches.accepted().first()
        if reason := batches.clock_fault(batch, last=last, now=now):
            batches.refuse(batch, reason, by=by, now=now)
            return batch
        batch.released_by, batch.released_at = by, now
        record("batch.released", by=by, now=now, subject=_subject(batch), data=_release_data(batch))
        accept(batch, by=by, now=now)
    return batch


def asker_has_left(batch: Batch) -> bool:
    """Return whether a source manager must ask for the release anew, because whoever asked no longer is one."""
    asked_by = batch.release_asked_by
    return bool(asked_by) and not may_still_propose(asked_by, Role.SOURCE_MANAGER)


def discard(batch_id: int, *, by: str, now: datetime) -> Batch:
    """Discard a held batch: none of its records are accepted. Raises ``Refused``."""
    require_role(by, Role.SOURCE_MANAGER, Role.APPROVER)
    with transaction.atomic():
        batch = _held(batch_id)
        batches.refuse(batch, BatchReason.DISCARDED, by=by, now=now)
    return batch


def _ask(batch: Batch, *, by: str, now: datetime) -> Batch:
    require_role(by, Role.SOURCE_MANAGER)
    batch.release_asked_by, batch.release_asked_at = by, now
    batch.save(update_fields=["release_asked_by", "release_asked_at"])
    record("batch.release_asked", by=by, now=now, subject=_subject(batch), data=_release_data(batch))
    return batch


def _held(batch_id: int) -> Batch:
    waiting = Batch.objects.select_for_update(of=("self",)).select_related("source")
    found = waiting.filter(pk=batch_id, state=Batch.State.HELD).first()
    if found is None:
        raise MovedMeanwhile
    return found


def _subject(batch: Batch) -> str:
    return f"source:{batch.source.code}"


def _release_data(batch: Batch) -> dict[str, int | str]:
    return {"batch": batch.pk, "asked_by": batch.release_asked_by}
