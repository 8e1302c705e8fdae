"""Checking one record of a delivery field by field. Nothing is guessed or corrected, and no message repeats a value."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from regions.divisions import is_division_code
from regions.identity import BadIdentity, Identity, check_identity
from regions.instants import FIRST_YEAR, LAST_YEAR, instant_of
from regions.sources.reasons import RecordReason
from regions.vocabulary import FACT_KINDS, FactKind, label_in

MAX_NAME_CHARACTERS = 200
MAX_RECORD_ID_CHARACTERS = 200
MAX_DETAIL_BYTES = 8 * 1024
MAX_DETAIL_DEPTH = 5
# ASCII digits only: `\d` would accept full-width ones.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Signs of text that was decoded wrongly before: undecodable bytes, the replacement character, non-characters.
_SPOILT = re.compile("[\ud800-\udfff\ufffd\ufffe\uffff]")
# The fields of a record that contain one line of text, including numbers and dates; `detail` may contain several lines.
TEXTS_OF_ONE_LINE = (
    "record_id",
    "id_type",
    "id_number",
    "full_name",
    "kind",
    "area",
    "started_on",
    "ended_on",
    "recorded_at",
)


class RecordFault(Exception):
    """Raised for a record to be quarantined; `message` is English and completes a sentence that begins with the field's name."""

    def __init__(self, reason: RecordReason, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.reason = reason
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record as the contract defines it; `kind` is one of ours, `recorded_at` aware, `detail` an object (empty for none)."""

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
    still: date | None = None,
    known_kinds: Collection[str] = FACT_KINDS,
) -> CheckedRecord | RecordFault:
    """Return the record, or the first fault in it. Fields the contract does not name are ignored.

    `kinds` maps the source's words to ours; a word it does not map must be one of `known_kinds`. `as_of` is the moment the delivery
    says it is complete up to, `zone` the city's, `still` the day the source writes for "no end".
    """
    try:
        return _read(content, kinds, as_of, zone, still, known_kinds)
    except RecordFault as fault:
        return fault.with_traceback(None)


def _read(
    content: Mapping[str, Any],
    kinds: Mapping[str, str],
    as_of: datetime,
    zone: ZoneInfo,
    still: date | None,
    known_kinds: Collection[str],
) -> CheckedRecord:
    _check_every_encoding(content)
    record_id = read_line(content, "record_id", MAX_RECORD_ID_CHARACTERS)
    if not record_id.strip():
        raise RecordFault(RecordReason.MISSING_FIELD, "record_id", "is empty")
    recorded_at = read_instant(content, "recorded_at")
    if recorded_at > as_of:
        raise RecordFault(RecordReason.FUTURE_RECORD, "recorded_at", "is later than the delivery's as_of")
    kind = _read_kind(content, kinds, known_kinds)
    area = read_area(content, "area")
    if kind is FactKind.AREA_STAY and area is None:
        raise RecordFault(RecordReason.MISSING_FIELD, "area", "is needed for area_stay")
    started_on = read_day(content, "started_on")
    if started_on > recorded_at.astimezone(zone).date():
        raise RecordFault(RecordReason.FUTURE_RECORD, "started_on", "is later than the day of recorded_at")
    ended_on = _read_end(content, still)
    if ended_on is not None and ended_on < started_on:
        raise RecordFault(RecordReason.BAD_DATE, "ended_on", "is before started_on")
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


def content_digest(record: CheckedRecord) -> bytes:
    """Return the SHA-256 of the record's content (32 bytes): equal only for equal content."""
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


def _read_end(content: Mapping[str, Any], still: date | None) -> date | None:
    """Return the end, or ``None`` if there is none, which some sources write as a day in the far future."""
    value = content.get("ended_on")
    if value is None or (still is not None and value == still.isoformat()):
        return None
    return read_day(content, "ended_on")


def _read_identity(content: Mapping[str, Any], today: date) -> Identity:
    id_type = read_line(content, "id_type", 10, wrong=RecordReason.BAD_ID)
    id_number = read_line(content, "id_number", 100, wrong=RecordReason.BAD_ID)
    try:
        return check_identity(id_type, id_number, today=today)
    except BadIdentity as bad:
        raise RecordFault(RecordReason.BAD_ID, "id_number", label_in("en", bad.reason)) from None


def _read_kind(content: Mapping[str, Any], kinds: Mapping[str, str], known_kinds: Collection[str]) -> FactKind:
    word = read_line(content, "kind", 100, wrong=RecordReason.BAD_KIND)
    kind = kinds.get(word, word)
    if kind not in known_kinds:
        raise RecordFault(RecordReason.BAD_KIND, "kind", "is not mapped by the source's settings and is none of ours")
    return FactKind(kind)


def read_line(
    content: Mapping[str, Any], field: str, longest: int, *, wrong: RecordReason = RecordReason.MISSING_FIELD
) -> str:
    """Return one line of text, perhaps empty. `wrong` is the reason for a value that is not text or too long."""
    value = _required(content, field)
    if not isinstance(value, str):
        raise RecordFault(wrong, field, "must be text")
    _check_encoding(value, field, controls="")
    if len(value) > longest:
        raise RecordFault(wrong, field, f"is longer than {longest} characters")
    return value


def read_day(content: Mapping[str, Any], field: str) -> date:
    """Return a day within the years a record may name."""
    value = _required(content, field)
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise RecordFault(RecordReason.BAD_DATE, field, f"must be YYYY-MM-DD, {FIRST_YEAR} to {LAST_YEAR}")
    return day


def read_instant(content: Mapping[str, Any], field: str) -> datetime:
    instant = instant_of(_required(content, field))
    if instant is None:
        raise RecordFault(RecordReason.BAD_DATE, field, "must be ISO 8601 with an offset")
    return instant


def read_area(content: Mapping[str, Any], field: str) -> str | None:
    """Return a division code, or ``None``."""
    value = content.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or not is_division_code(value):
        raise RecordFault(RecordReason.BAD_AREA, field, "must be the code of a division of GB/T 2260 or nothing")
    return value


def read_boolean(content: Mapping[str, Any], field: str) -> bool:
    """Return a real boolean: `0`, `"false"` and absence are not accepted."""
    value = _required(content, field)
    if not isinstance(value, bool):
        raise RecordFault(RecordReason.MISSING_FIELD, field, "must be true or false")
    return value


def read_detail(content: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return a small object, given as such or as JSON text; empty if absent."""
    value = content.get(field)
    if value is None:
        return {}
    if isinstance(value, str):
        value = _parse(value, field)
    if not isinstance(value, dict):
        raise RecordFault(RecordReason.MISSING_FIELD, field, "must be a JSON object or nothing")
    if _depth(value) > MAX_DETAIL_DEPTH:
        raise RecordFault(RecordReason.MISSING_FIELD, field, f"is nested deeper than {MAX_DETAIL_DEPTH}")
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise RecordFault(RecordReason.MISSING_FIELD, field, "holds what JSON has no word for") from None
    for part in _texts(value):
        _check_encoding(part, field, controls="\t\n\r")
    if len(text.encode()) > MAX_DETAIL_BYTES:
        raise RecordFault(RecordReason.MISSING_FIELD, field, f"is larger than {MAX_DETAIL_BYTES} bytes")
    return value


def _required(content: Mapping[str, Any], field: str) -> Any:
    value = content.get(field)
    if value is None:
        raise RecordFault(RecordReason.MISSING_FIELD, field, "is missing")
    return value


def _check_every_encoding(content: Mapping[str, Any]) -> None:
    """Check the encoding of all fields first, so that a spoilt value is reported as such whichever field it is in."""
    for field in TEXTS_OF_ONE_LINE:
        if isinstance(value := content.get(field), str):
            _check_encoding(value, field, controls="")


def _check_encoding(text: str, field: str, *, controls: str) -> None:
    """Refuse text that was decoded wrongly, and control characters other than ``controls``."""
    if text.isascii() and text.isprintable():
        return
    if _SPOILT.search(text) or any(
        unicodedata.category(character) == "Cc" and character not in controls for character in text
    ):
        raise RecordFault(RecordReason.BAD_ENCODING, field, "holds characters that no text has")


def _parse(text: str, field: str) -> Any:
    """Parse JSON text. Its length limits the size of the value."""
    _check_encoding(text, field, controls="\t\n\r")
    if len(text) > MAX_DETAIL_BYTES:
        raise RecordFault(RecordReason.MISSING_FIELD, field, f"is larger than {MAX_DETAIL_BYTES} bytes")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise RecordFault(RecordReason.MISSING_FIELD, field, "is not JSON") from None


def _depth(value: Any) -> int:
    """Return how deeply lists and objects are nested, counting at most one level more than allowed."""
    level, layer = 0, [value]
    while layer and level <= MAX_DETAIL_DEPTH:
        layer = [item for item in layer if isinstance(item, (dict, list))]
        level += bool(layer)
        layer = [part for item in layer for part in (item.values() if isinstance(item, dict) else item)]
    return level


def _texts(value: Any) -> list[str]:
    """Return all keys and texts within a value of bounded depth."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for part in (key, item) for text in _texts(part)]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []
