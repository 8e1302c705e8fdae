"""Days of the city's zone as instants: from the first moment of the first day to the first moment after the last."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SPAN = """
({column} >= coalesce(%(from)s::timestamptz, '-infinity') AND {column} < coalesce(%(until)s::timestamptz, 'infinity'))
"""


def span(column: str) -> str:
    """The condition that the column lies in the days of ``bounds``; ``column`` is a name of ours."""
    return SPAN.format(column=column)


def bounds(first: date | None, last: date | None, *, zone: ZoneInfo) -> dict[str, datetime | None]:
    """Parameters for ``span``: half open, either side open when its day is none."""
    return {"from": _midnight(first, zone), "until": _midnight(last + timedelta(days=1), zone) if last else None}


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time.min, tzinfo=zone) if day else None


def named(first: date | None, last: date | None) -> dict[str, str | None]:
    """The days as a manifest names them."""
    if first is not None and first == last:
        return {"day": first.isoformat()}
    return {"from": first.isoformat() if first else None, "to": last.isoformat() if last else None}


def in_zone(instant: datetime | None, zone: ZoneInfo) -> str | None:
    """The instant as a cell: ISO 8601 with the city's offset."""
    return instant.astimezone(zone).isoformat() if instant else None
