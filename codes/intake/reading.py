"""From one raw line to a checked one, or the reason why it is not taken. The database is not asked."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from codes.intake.line_shape import SHAPES, CheckInLine, DeclarationLine
from codes.intake.refusals import BadLine, Refusal
from regions.identity import BadIdentity, Identity, check_identity

MOST_BYTES = 100_000
CLOCK_TOLERANCE = timedelta(minutes=5)
# A declared journey may still lie ahead, but not beyond any ticket.
FARTHEST_PLAN = timedelta(days=366)
# A key that is not one of ours may be anything; only what looks like a key is repeated to the sender.
_KEY = re.compile(r"[a-z_.0-9]*[a-z_]{1,40}")
_OURS = {reason.value: reason for reason in Refusal}


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line that is right in itself. `digest` tells a repeated line from a changed one."""

    content: DeclarationLine | CheckInLine
    identity: Identity
    digest: bytes


def read_line(raw: bytes, *, now: datetime, zone: ZoneInfo) -> ReadLine:
    """The checked line. Raises BadLine with the first thing that is wrong."""
    plain = _parse(raw)
    kind = plain.get("type")
    shape = SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        raise BadLine(Refusal.UNKNOWN_TYPE, "type")
    try:
        content = shape.model_validate(plain)
    except ValidationError as error:
        _refuse_shape(error)
    today = now.astimezone(zone).date()
    _check_times(content, now, today)
    try:
        identity = check_identity(content.id_type, content.id_number, today=today)
    except BadIdentity as error:
        raise BadLine(Refusal.BAD_ID, "id_number", why=error.reason) from None
    return ReadLine(content, identity, _digest(plain))


def _parse(raw: bytes) -> dict[str, Any]:
    if len(raw) > MOST_BYTES:
        raise BadLine(Refusal.TOO_LONG, limit=MOST_BYTES)
    try:
        plain = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, BadLine) else BadLine(Refusal.BAD_JSON) from None
    if not isinstance(plain, dict):
        raise BadLine(Refusal.BAD_JSON)
    return plain


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values for one key either could be meant; JSON libraries silently take the last."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise BadLine(Refusal.REPEATED_KEY)
    return table


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_shape(error: ValidationError) -> NoReturn:
    """The first finding of pydantic as one of our reasons."""
    finding = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(step) for step in finding["loc"])
    match finding["type"]:
        case "missing":
            reason = Refusal.MISSING_FIELD
        case "extra_forbidden":
            reason, field = Refusal.UNKNOWN_FIELD, field if _KEY.fullmatch(field) else "…"
        case "string_unicode":
            reason = Refusal.BAD_TEXT
        case other:
            reason = _OURS.get(other, Refusal.BAD_FIELD)
    raise BadLine(reason, field) from None


def _check_times(content: DeclarationLine | CheckInLine, now: datetime, today: date) -> None:
    """Nothing that was done can lie ahead, and nothing ends before it begins."""
    if isinstance(content, CheckInLine):
        if content.day > today:
            raise BadLine(Refusal.IN_FUTURE, "day")
        return
    if content.submitted_at > now + CLOCK_TOLERANCE:
        raise BadLine(Refusal.IN_FUTURE, "submitted_at")
    for place, stay in enumerate(content.area_stays):
        if stay.left_on is not None and stay.left_on < stay.from_day:
            raise BadLine(Refusal.ENDS_BEFORE_START, f"area_stays.{place}.left_on")
    for field, day in _planned_days(content):
        if day > today + FARTHEST_PLAN:
            raise BadLine(Refusal.BAD_DATE, field)


def _planned_days(content: DeclarationLine) -> list[tuple[str, date]]:
    days = [("arrival.on", content.arrival.on)] if content.arrival else []
    days += [("overseas_arrival_on", content.overseas_arrival_on)] if content.overseas_arrival_on else []
    for place, stay in enumerate(content.area_stays):
        days.append((f"area_stays.{place}.from", stay.from_day))
        days += [(f"area_stays.{place}.left_on", stay.left_on)] if stay.left_on else []
    return days


def _digest(plain: dict[str, Any]) -> bytes:
    """SHA-256 of the whole content, however its keys were ordered."""
    canonical = json.dumps(plain, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()
