"""Instants in text from outside, converted to UTC: PostgreSQL refuses some offsets, and some lead out of the calendar."""

from datetime import UTC, datetime

# The range of years a record or a message may name.
FIRST_YEAR, LAST_YEAR = 1900, 2100


def instant_of(text: object) -> datetime | None:
    """Parse an ISO 8601 text with an offset. Return ``None`` for any other text and for years out of range."""
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if instant is None or instant.tzinfo is None or not FIRST_YEAR <= instant.year <= LAST_YEAR:
        return None
    return instant.astimezone(UTC)
