"""Small numbers for days and instants, so that the examples that Hypothesis shrinks are easy to read.

Day n is n days after 1 March 2022. Ticks are instants 8 hours apart, at 03:00, 11:00 and 19:00 city time. At the first
of each day, UTC still has the previous date.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
BASE_DAY = date(2022, 3, 1)
TODAY = 20
"""The number of the day for which most worlds are judged."""

FORESEEABLE_DAYS = 60
"""The number of days that a forecast must cover: more than every hold, check-in run, future fact and rule-set change drawn here."""

TICK = timedelta(hours=8)
NOW = TODAY * 3 + 1

_FIRST_TICK = datetime(2022, 3, 1, 3, tzinfo=ZONE).astimezone(UTC)


def day(number: int) -> date:
    return BASE_DAY + timedelta(days=number)


def asked_at(wanted: date, as_of: datetime) -> datetime:
    """Return the first instant at which a run of that day and that ``as_of`` can start: neither is in the future."""
    return max(as_of, datetime.combine(wanted, time(0), ZONE))


def tick(number: int) -> datetime:
    return _FIRST_TICK + number * TICK
