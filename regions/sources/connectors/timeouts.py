"""Time-outs and size limits of sources. They are set only here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Limits of the big-data centre, in seconds; the defaults suit pages of 1000 records from a slow provincial server."""

    connect_seconds: float = 5
    read_seconds: float = 20
    page_seconds: float = 60
    total_seconds: float = 1800
    attempts: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60
    page_bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DatabaseTimeouts:
    """Time-outs of a police database, in seconds: to connect, per statement or fetch, and (MariaDB) for the whole delivery."""

    connect_seconds: int = 10
    statement_seconds: int = 300
    delivery_seconds: int = 3600


HTTP_LIMITS = HttpLimits()
DATABASE_TIMEOUTS = DatabaseTimeouts()
# While a person waits for the page: one attempt, and seconds instead of minutes.
INTERACTIVE_HTTP_LIMITS = HttpLimits(connect_seconds=5, read_seconds=10, page_seconds=15, total_seconds=20, attempts=1)
INTERACTIVE_DATABASE_TIMEOUTS = DatabaseTimeouts(connect_seconds=5, statement_seconds=7, delivery_seconds=15)
