"""A case's deadlines: set when the case is opened, extended if it is complex or was paused while its citizen was asked.

The targets are those of ``docs/adr/0008-review-choices.md``: a red case is looked at within 4 hours and answered within
24, a yellow one is answered within 8; a complex case within 3 working days.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST_LOOK_AT_RED = timedelta(hours=4)
ANSWER = {"red": timedelta(hours=24), "yellow": timedelta(hours=8), "green": timedelta(hours=8)}
COMPLEX_WORKING_DAYS = 3
INFORMATION_DAYS = 3
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Deadlines:
    """``first_look`` is ``None`` if only the answer has a deadline."""

    first_look: datetime | None
    answer: datetime


def deadlines_of(severity: str, *, opened_at: datetime) -> Deadlines:
    return Deadlines(opened_at + FIRST_LOOK_AT_RED if severity == "red" else None, opened_at + ANSWER[severity])


def complex_deadline(opened_at: datetime, *, zone: ZoneInfo) -> datetime:
    """Return the same time of day three working days (Monday to Friday in the city) after the opening.

    For a case opened at a weekend the days are counted from midnight of the following Monday.
    """
    local = opened_at.astimezone(zone)
    if local.weekday() >= SATURDAY:
        monday = local.date() + timedelta(days=7 - local.weekday())
        local = datetime.combine(monday, time(), zone)
    left = COMPLEX_WORKING_DAYS
    while left:
        local += timedelta(days=1)
        left -= local.weekday() < SATURDAY
    return local


def resumed_deadline(due_at: datetime, *, paused_at: datetime, now: datetime) -> datetime:
    return due_at + max(now - paused_at, timedelta())


def information_deadline(now: datetime) -> datetime:
    """Return the deadline for the answer to a question."""
    return now + timedelta(days=INFORMATION_DAYS)
