"""Small numbers for days and instants, so that examples shrink to something a reader can follow.

Day n is n days after 1 March 2022. Ticks are 8 hours apart at 03:00, 11:00 and 19:00 city time, three to a day; the
first of them is still yesterday in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
BASE_DAY = date(2022, 3, 1)
TODAY = 20
"""The number of the day most worlds are asked about."""

FORESEEABLE_DAYS = 60
"""As far as a forecast needs to look: beyond every hold, check-in run, coming fact and rule set change drawn here."""

TICK = timedelta(hours=8)
NOW = TODAY * 3 + 1

_FIRST_TICK = datetime(2022, 3, 1, 3, tzinfo=ZONE).astimezone(UTC)


def day(number: int) -> date:
    return BASE_DAY + timedelta(days=number)


def asked_at(wanted: date, as_of: datetime) -> datetime:
    """When a run of a day by what was known at an instant can be asked for: neither is to come any more."""
    return max(as_of, datetime.combine(wanted, time(0), ZONE))


def tick(number: int) -> datetime:
    return _FIRST_TICK + number * TICK
