"""Staging a delivery, checked record by record, before any of it counts. ID numbers are encrypted first."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from django.db import transaction

from regions.copying import copy_rows
from regions.keys import encryption
from regions.keys.encryption import QUARANTINED_RECORD, content_hash, decrypt_number, encrypt_number, identity_hash
from regions.sources.connectors.delivery import RawRecord
from regions.sources.models import Batch, Quarantined, StagedRecord
from regions.sources.reasons import RecordReason
from regions.sources.records import (
    MAX_RECORD_ID_CHARACTERS,
    CheckedRecord,
    RecordFault,
    check_record,
    content_digest,
    read_line,
)

RECORDS_PER_TRANSACTION = 5000
COLUMNS = (
    "batch_id",
    "line",
    "record_id",
    "id_type",
    "id_hash",
    "id_encrypted",
    "full_name",
    "kind",
    "area",
    "started_on",
    "ended_on",
    "recorded_at",
    "revoked",
    "detail",
    "digest",
)
# The same record recorded at the same moment with two contents: neither can be believed. With windows and not a self-join, which
# without fresh statistics becomes quadratic.
CONFLICTING = """
SELECT * FROM (
    SELECT s.*, min(encode(digest, 'hex')) OVER versions < max(encode(digest, 'hex')) OVER versions AS conflicts
    FROM sources_stagedrecord s
    WHERE batch_id = %(batch)s
    WINDOW versions AS (PARTITION BY record_id, recorded_at)
) placed
WHERE conflicts ORDER BY line
"""
FIELDS = (*COLUMNS[2:4], *COLUMNS[6:14])


def stage(batch: Batch, records: Iterable[RawRecord], *, as_of: datetime, zone: ZoneInfo) -> None:
    """Check and stage every record; bad ones are quarantined. Raises SourceFault; the caller then drops what was staged."""
    kinds, still = batch.source.kinds, batch.source.still
    incoming = iter(records)
    while chunk := list(islice(incoming, RECORDS_PER_TRANSACTION)):
        rows: list[tuple[object, ...]] = []
        bad: list[Quarantined] = []
        for raw in chunk:
            checked = check_record(raw.content, kinds=kinds, as_of=as_of, zone=zone, still=still)
            if isinstance(checked, RecordFault):
                bad.append(_quarantined(batch, raw, checked))
            else:
                rows.append(_row(batch, raw.line, checked))
        batch.delivered += len(chunk)
        batch.quarantined += len(bad)
        with transaction.atomic():
            copy_rows("sources_stagedrecord", COLUMNS, rows)
            Quarantined.objects.bulk_create(bad)
            batch.save(update_fields=["as_of", "delivered", "quarantined"])


def stage_checked(batch: Batch, records: Iterable[tuple[int, CheckedRecord]]) -> None:
    """Stage records that passed their check, each with its line. Call in a transaction."""
    copy_rows("sources_stagedrecord", COLUMNS, (_row(batch, line, record) for line, record in records))


def quarantine_conflicts(batch: Batch) -> None:
    """Move records that contradict each other to quarantine."""
    with transaction.atomic():
        conflicting = StagedRecord.objects.raw(CONFLICTING, {"batch": batch.pk})
        for chunk in _chunks(conflicting.iterator()):
            Quarantined.objects.bulk_create([_conflict(batch, row) for row in chunk])
            StagedRecord.objects.filter(pk__in=[row.pk for row in chunk]).delete()
            batch.quarantined += len(chunk)
            batch.save(update_fields=["quarantined"])


def drop_staged(batch: Batch) -> None:
    StagedRecord.objects.filter(batch=batch).delete()


def _row(batch: Batch, line: int, record: CheckedRecord) -> tuple[object, ...]:
    """Return the row's values in the order of COLUMNS."""
    return (
        batch.pk,
        line,
        record.record_id,
        record.identity.id_type.value,
        identity_hash(record.identity),
        encrypt_number(record.identity),
        record.full_name,
        record.kind.value,
        record.area,
        record.started_on,
        record.ended_on,
        record.recorded_at,
        record.revoked,
        record.detail,
        content_hash(content_digest(record), use="record"),
    )


def _quarantined(batch: Batch, raw: RawRecord, fault: RecordFault) -> Quarantined:
    encrypted = encryption.encrypt(raw.as_text(), use=QUARANTINED_RECORD)
    return Quarantined(
        batch=batch,
        line=raw.line,
        record_id=_readable_id(raw),
        reason=fault.reason.value,
        field=fault.field,
        message=fault.message,
        raw=encrypted,
    )


def _readable_id(raw: RawRecord) -> str:
    """Return the record's id if it can be read, so that a bad record does not count as missing from its source."""
    try:
        return read_line(raw.content, "record_id", MAX_RECORD_ID_CHARACTERS)
    except RecordFault:
        return ""


def _conflict(batch: Batch, row: StagedRecord) -> Quarantined:
    """Build the quarantined record from the staged row, as the delivery has been read and cannot be read again."""
    content = {field: getattr(row, field) for field in FIELDS} | {"id_number": decrypt_number(bytes(row.id_encrypted))}
    raw = RawRecord(row.line, content)
    fault = RecordFault(
        RecordReason.CONFLICTING_VERSION, "record_id", "came with other content recorded at the same time"
    )
    return _quarantined(batch, raw, fault)


def _chunks(rows: Iterator[StagedRecord]) -> Iterator[list[StagedRecord]]:
    while some := list(islice(rows, RECORDS_PER_TRANSACTION)):
        yield some
