"""Retrying quarantined records after the settings that kept them out were corrected.

They pass the same checks and become facts in the same way as a delivery, as a batch of their own with the source's
current horizon. The horizon does not move, because the source delivered nothing new.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy

from codes.intake.citizens import lock_intake
from codes.intake.collecting import accept
from codes.models import Fact
from regions.journal.record import record
from regions.keys import encryption
from regions.keys.encryption import QUARANTINED_RECORD
from regions.proposals import require_role
from regions.refusals import Refused
from regions.sources.models import Batch, Quarantined, Source
from regions.sources.reasons import RecordReason
from regions.sources.records import CheckedRecord, RecordFault, check_record
from regions.sources.staging import stage_checked
from regions.staff.roles import Role
from regions.tenancy import current_city

MOST_AT_ONCE = 5000
LATEST_BY = ("recorded_at", "received_at")


class RetryReason(TextChoices):
    NEVER_ACCEPTED = (
        "never_accepted",
        gettext_lazy("No delivery of this source has been accepted yet. Collect again instead."),
    )
    BATCH_WAITS = "batch_waits", gettext_lazy("A delivery of this source waits for two people. Decide about it first.")


@dataclass(frozen=True, slots=True)
class Retried:
    """The numbers of records: ``taken`` became facts; ``outdated`` records are stored with a later recording already;
    ``still`` bad ones remain.
    """

    taken: int
    outdated: int
    still: int
    batch: Batch | None


def waiting(source: Source) -> QuerySet[Quarantined]:
    """Return the quarantined records that can be retried: those of accepted deliveries that do not contradict themselves.

    Nothing of a refused delivery was accepted, so the next delivery contains its records again.
    """
    untaken = Quarantined.objects.filter(batch__source=source, batch__state=Batch.State.ACCEPTED, taken_in__isnull=True)
    return untaken.exclude(reason=RecordReason.CONFLICTING_VERSION).select_related("batch")


def retry(source_id: int, *, by: str, now: datetime, batch_id: int | None = None) -> Retried:
    """Retry the source's quarantined records, or those of one batch: the newest first, at most ``MOST_AT_ONCE`` in one call.

    Raises ``Refused``.
    """
    require_role(by, Role.SOURCE_MANAGER)
    with transaction.atomic():
        source = Source.objects.get(pk=source_id)
        rows = waiting(source).filter(**({"batch": batch_id} if batch_id is not None else {}))
        done = take_what_passes(source, rows.order_by("-id")[:MOST_AT_ONCE], by=by, now=now)
        counts = {"taken": done.taken, "outdated": done.outdated, "still": done.still}
        data = {**counts, "batch": done.batch.pk if done.batch else None}
        record("quarantine.retried", by=by, now=now, subject=f"source:{source.code}", data=data)
    return done


def take_what_passes(source: Source, rows: Iterable[Quarantined], *, by: str, now: datetime) -> Retried:
    """Retry these rows with the settings of ``source`` as it is in memory.

    Call in a transaction, with the newest rows first.
    """
    lock_intake()
    last = source.batches.accepted().first()
    if last is None or last.as_of is None:
        raise Refused(RetryReason.NEVER_ACCEPTED)
    if Batch.objects.filter(source=source, state=Batch.State.HELD).exists():
        raise Refused(RetryReason.BATCH_WAITS)
    passed, still = _checked(source, rows, as_of=last.as_of)
    if not passed:
        return Retried(0, 0, still, None)
    fresh = _not_outdated(source, passed)
    batch = Batch.objects.create(
        source=source, since=last.as_of, as_of=last.as_of, started_at=now, delivered=len(fresh), is_retry=True
    )
    stage_checked(batch, ((line, one) for line, one in enumerate(fresh, start=1)))
    accept(batch, by=by, now=now)
    Quarantined.objects.filter(pk__in=[row.pk for row, _ in passed]).update(taken_in=batch)
    return Retried(batch.accepted, len(passed) - batch.accepted, still, batch)


def _checked(
    source: Source, rows: Iterable[Quarantined], *, as_of: datetime
) -> tuple[list[tuple[Quarantined, CheckedRecord]], int]:
    """Return the rows that pass now with their content, and the number that still do not."""
    zone, passed, still = current_city().zone, [], 0
    for row in rows:
        content = json.loads(encryption.decrypt(bytes(row.raw), use=QUARANTINED_RECORD))
        checked = check_record(content, kinds=source.kinds, as_of=as_of, zone=zone, still=source.still)
        if isinstance(checked, RecordFault):
            still += 1
        else:
            passed.append((row, checked))
    return passed, still


def _not_outdated(source: Source, passed: list[tuple[Quarantined, CheckedRecord]]) -> list[CheckedRecord]:
    """Return the records of which the city has no later version, by recording and receipt.

    Of several with one recording the newest received counts.
    """
    ids = {checked.record_id for _, checked in passed}
    held = Fact.objects.filter(source=source, record_id__in=ids, superseded=False)
    newest = {record_id: tuple(instants) for record_id, *instants in held.values_list("record_id", *LATEST_BY)}
    once: dict[tuple[str, datetime], CheckedRecord] = {}
    for row, checked in passed:
        came = (checked.recorded_at, row.batch.received_at)
        if checked.record_id not in newest or newest[checked.record_id] < came:
            once.setdefault((checked.record_id, checked.recorded_at), checked)
    return list(once.values())
