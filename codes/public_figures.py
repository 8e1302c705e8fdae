"""Public figures of a city: one row for each week, written once when the week is over (``docs/adr/0057-…``).

No group of fewer than ten people is published, and none can be computed from the other figures. If a group is left out, so is the
total, from which the others could be subtracted. The number of people is rounded, so that two weeks do not reveal a small difference.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from codes.models import PublishedWeek, Run
from codes.models.case import DECIDED_STATES
from codes.models.published_week import LEAST_GROUP
from codes.vocabulary import Cause
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
CAUSES, WEEK = compose(SQL, "causes"), compose(SQL, "week")
# The number of weeks that are shown, and that are written later if no worker ran in time.
WEEKS_SHOWN = 26


def publish_weeks(*, now: datetime) -> int:
    """Store the missing rows of past weeks, from that of the city's first run on. Return the number of rows."""
    this_monday = _monday_of(current_city().day_of(now))
    first = Run.objects.settled().order_by("pk").values_list("day", flat=True).first()
    if first is None:
        return 0
    begin = max(_monday_of(first), this_monday - timedelta(weeks=WEEKS_SHOWN))
    existing = set(PublishedWeek.objects.filter(monday__gte=begin).values_list("monday", flat=True))
    weeks = (begin + timedelta(weeks=n) for n in range((this_monday - begin).days // 7))
    rows = [_week(monday, now=now) for monday in weeks if monday not in existing]
    # Of two simultaneous workers, only one stores a row.
    return len(PublishedWeek.objects.bulk_create(rows, ignore_conflicts=True))


def publishable(counts: Mapping[str, int], *, least: int = LEAST_GROUP) -> tuple[dict[str, int | None], int | None]:
    """Return the counts of the groups and their total as they may be published, with ``None`` for what is left out.

    A group of at least one and fewer than ``least`` is left out, and with it the total. Leaving out the next larger groups instead
    and publishing the total is not enough: small groups could be computed by anybody who knows that rule.
    """
    shown = {name: None if 0 < count < least else count for name, count in counts.items()}
    return shown, None if None in shown.values() else sum(counts.values())


def _week(monday: date, *, now: datetime) -> PublishedWeek:
    zone = current_city().zone
    begins, ends = (datetime.combine(day, datetime.min.time(), zone) for day in (monday, monday + timedelta(weeks=1)))
    parameters: dict[str, Any] = {
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "from": begins,
        "until": ends,
        "causes": [cause.value for cause in Cause],
        "decided": DECIDED_STATES,
    }
    with connection.cursor() as cursor:
        cursor.execute(WEEK, parameters)
        people, decided, median = cursor.fetchone()
        cursor.execute(CAUSES, parameters)
        counts = {cause.value: 0 for cause in Cause} | dict(cursor.fetchall())
    causes, disagreements = publishable(counts)
    has_run = Run.objects.settled().filter(day__gte=monday, day__lt=monday + timedelta(weeks=1)).exists()
    is_group = decided >= LEAST_GROUP
    return PublishedWeek(
        monday=monday,
        people=people // LEAST_GROUP * LEAST_GROUP,
        causes=causes if has_run else {},
        disagreements=disagreements if has_run else None,
        decided=decided if is_group or not decided else None,
        median_hours=round(median / timedelta(hours=1)) if is_group else None,
        published_at=now,
    )


def _monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())
