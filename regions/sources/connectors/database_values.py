"""From a database's values to the contract's: what drivers return differs, what is checked and quarantined must not."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

DATE_COLUMNS = frozenset({"started_on", "ended_on"})


def to_content(row: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """One row as the big-data centre would have sent it; values that fit no column are left for the check to refuse.

    A time without a zone is the city's.
    """
    content: dict[str, Any] = {}
    for column, value in row.items():
        if column == "revoked":
            content[column] = _to_boolean(value)
        elif column == "recorded_at":
            content[column] = _to_instant(value, zone)
        elif column in DATE_COLUMNS:
            content[column] = _to_day(value)
        else:
            content[column] = _to_text(value)
    return content


def read_instant(value: Any, zone: ZoneInfo) -> datetime | None:
    """The aware instant in a database's value, none if there is none in it."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _to_boolean(value: Any) -> Any:
    """Databases without booleans hold 0 and 1, as a number or as one bit."""
    if value in (b"\0", b"\1"):
        return value == b"\1"
    if isinstance(value, (int, Decimal)) and value in (0, 1):
        return bool(value)
    return value


def _to_instant(value: Any, zone: ZoneInfo) -> Any:
    """ISO 8601 with an offset; what is no instant stays as it is."""
    instant = read_instant(value, zone)
    return _to_text(value) if instant is None else instant.isoformat()


def _to_day(value: Any) -> Any:
    """`YYYY-MM-DD`; some databases have no plain date and give midnight for it."""
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return value.isoformat() if isinstance(value, date) else _to_text(value)


def _to_text(value: Any) -> Any:
    """Text as text: numbers stored as numbers are spelt out, the blanks that CHAR(n) adds are taken off."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = bytes(value).decode("utf-8", errors="surrogateescape")
    if isinstance(value, str):
        return value.rstrip(" ")
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return str(value)
    return value
