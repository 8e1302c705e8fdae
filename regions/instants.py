"""Instants that others write: taken in UTC, as an offset may be one that PostgreSQL refuses, or lead out of the calendar."""

from datetime import UTC, datetime

# The years that a record or a message can mean.
FIRST_YEAR, LAST_YEAR = 1900, 2100


def instant_of(text: object) -> datetime | None:
    """The instant of an ISO 8601 text with an offset; none for anything else, and for what lies in no year that can be meant."""
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if instant is None or instant.tzinfo is None or not FIRST_YEAR <= instant.year <= LAST_YEAR:
        return None
    return instant.astimezone(UTC)
