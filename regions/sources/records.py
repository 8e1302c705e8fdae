"""One record of a delivery, checked: the city decides on what passes here, so nothing is guessed or mended."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from regions.identity import BadIdentity, Identity, check_identity
from regions.sources.reasons import RecordReason
from regions.sources.record_fields import (
    FieldFault,
    read_area,
    read_boolean,
    read_day,
    read_detail,
    read_instant,
    read_line,
)
from regions.vocabulary import FACT_KINDS, FactKind, label_in

MAX_NAME_CHARACTERS = 200
MAX_RECORD_ID_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record goes to quarantine. The message is English, says what is expected and repeats no value."""

    reason: RecordReason
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record as the contract has it; `kind` is ours, `recorded_at` aware, `detail` an object (empty for none)."""

    record_id: str
    identity: Identity
    full_name: str
    kind: FactKind
    area: str | None
    started_on: date
    ended_on: date | None
    recorded_at: datetime
    revoked: bool
    detail: dict[str, Any]


def check_record(
    content: Mapping[str, Any],
    *,
    kinds: Mapping[str, str],
    as_of: datetime,
    zone: ZoneInfo,
    known_kinds: Collection[str] = FACT_KINDS,
) -> CheckedRecord | Fault:
    """The record, or the first fault in it. Fields the contract does not name are ignored.

    `kinds` maps the source's words to ours; a word it does not map must be one of `known_kinds`. `as_of` is the moment
    the delivery says it is complete up to, `zone` the city's.
    """
    try:
        return _read(content, kinds=kinds, as_of=as_of, zone=zone, known_kinds=known_kinds)
    except FieldFault as fault:
        return Fault(fault.reason, fault.field, fault.message)


def content_digest(record: CheckedRecord) -> bytes:
    """SHA-256 over everything the record says: equal for the same content, and only then. 32 bytes."""
    canonical = {
        "record_id": record.record_id,
        "id_type": record.identity.id_type.value,
        "id_number": record.identity.id_number,
        "full_name": record.full_name,
        "kind": record.kind.value,
        "area": record.area,
        "started_on": record.started_on.isoformat(),
        "ended_on": record.ended_on.isoformat() if record.ended_on else None,
        "recorded_at": record.recorded_at.astimezone(UTC).isoformat(),
        "revoked": record.revoked,
        "detail": record.detail,
    }
    text = json.dumps(canonical, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).digest()


def _read(
    content: Mapping[str, Any],
    *,
    kinds: Mapping[str, str],
    as_of: datetime,
    zone: ZoneInfo,
    known_kinds: Collection[str],
) -> CheckedRecord:
    """The record. Raises FieldFault."""
    record_id = read_line(content, "record_id", MAX_RECORD_ID_CHARACTERS)
    if not record_id.strip():
        raise FieldFault(RecordReason.MISSING_FIELD, "record_id", "is empty")
    recorded_at = read_instant(content, "recorded_at")
    if recorded_at > as_of:
        raise FieldFault(RecordReason.FUTURE_RECORD, "recorded_at", "is later than the delivery's as_of")
    kind = _read_kind(content, kinds, known_kinds)
    area = read_area(content, "area")
    if kind is FactKind.AREA_STAY and area is None:
        raise FieldFault(RecordReason.MISSING_FIELD, "area", "is needed for area_stay")
    started_on = read_day(content, "started_on")
    ended_on = None if content.get("ended_on") is None else read_day(content, "ended_on")
    if ended_on is not None and ended_on < started_on:
        raise FieldFault(RecordReason.BAD_DATE, "ended_on", "is before started_on")
    return CheckedRecord(
        record_id=record_id,
        identity=_read_identity(content, as_of.astimezone(zone).date()),
        full_name=read_line(content, "full_name", MAX_NAME_CHARACTERS),
        kind=kind,
        area=area,
        started_on=started_on,
        ended_on=ended_on,
        recorded_at=recorded_at,
        revoked=read_boolean(content, "revoked"),
        detail=read_detail(content, "detail"),
    )


def _read_identity(content: Mapping[str, Any], today: date) -> Identity:
    """Whom the record is about. Raises FieldFault."""
    id_type = read_line(content, "id_type", 10, wrong=RecordReason.BAD_ID)
    id_number = read_line(content, "id_number", 100, wrong=RecordReason.BAD_ID)
    try:
        return check_identity(id_type, id_number, today=today)
    except BadIdentity as bad:
        raise FieldFault(RecordReason.BAD_ID, "id_number", label_in("en", bad.reason)) from None


def _read_kind(content: Mapping[str, Any], kinds: Mapping[str, str], known_kinds: Collection[str]) -> FactKind:
    """What the record states, in our words. Raises FieldFault."""
    word = read_line(content, "kind", 100, wrong=RecordReason.BAD_KIND)
    kind = kinds.get(word, word)
    if kind not in known_kinds:
        raise FieldFault(RecordReason.BAD_KIND, "kind", "is not mapped by the source's settings and is none of ours")
    return FactKind(kind)
