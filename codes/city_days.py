"""Thirty days of a city as counts, for the operator: the age of its data, its runs, disagreements, alarms and overdue cases."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.db import connection
from django.db.models import Count, Max, Min, Q

from codes.models import Alarm, Run
from regions.sql import compose
from regions.tenancy import in_city

OVERDUE = compose(Path(__file__).with_suffix(".sql"))
DAYS = 30


@dataclass(frozen=True)
class CityDay:
    """The counts of one day. A value is ``None`` if it is not known, because no run settled or a provider could not judge.

    ``age`` is that of the oldest data by which a provider judged.
    """

    day: date
    age: timedelta | None
    failed_runs: int
    registered: int | None
    disagreements: int | None
    alarms: int
    overdue: int

    @property
    def rate(self) -> float | None:
        """The number of people who are shown different colours, in per cent of the people registered."""
        return None if self.disagreements is None or not self.registered else 100 * self.disagreements / self.registered


def city_days(schema: str, *, now: datetime) -> list[CityDay]:
    """Return the last thirty days, the newest last. Call outside any city. Makes five short queries, none of which reads persons."""
    with in_city(schema) as city:
        last = city.day_of(now)
        first = last - timedelta(days=DAYS - 1)
        begins = datetime.combine(first, time.min, city.zone)
        runs = Run.objects.filter(day__gte=first, history=False)
        failed = Counter(runs.filter(state=Run.State.FAILED).values_list("day", flat=True))
        settled = {
            run.day: run
            for run in runs.filter(state__in=Run.SETTLED)
            .annotate(
                oldest=Min("providers__horizon"),
                registered=Max("providers__registered"),
                silent=Count("providers", filter=Q(providers__known=False)),
            )
            .order_by("pk")
        }
        amended = Run.objects.last_amending(settled.values())
        raised = Alarm.objects.filter(raised_at__gte=begins).values_list("raised_at", flat=True)
        alarms = Counter(city.day_of(at) for at in raised)
        moved = _overdue(first, begins, now=now, zone=city.zone.key)
    found, overdue = [], 0
    for day in (first + timedelta(days=n) for n in range(DAYS)):
        overdue += moved.get(day, 0)
        run = settled.get(day)
        latest = amended.get(run.pk, run) if run else None
        found.append(_day(day, run, latest, failed[day], alarms[day], overdue))
    return found


def _day(day: date, run: Run | None, stands: Run | None, failed: int, alarms: int, overdue: int) -> CityDay:
    if run is None or stands is None:
        return CityDay(day, None, failed, None, None, alarms, overdue)
    oldest: datetime | None = run.oldest  # type: ignore[attr-defined]  # annotated
    registered: int | None = run.registered  # type: ignore[attr-defined]
    age = run.as_of - oldest if oldest else None
    # The count is incomplete without the disagreements with a provider whose source is silent.
    differ = None if run.silent else stands.counts.get("disagreements", {}).get("standing")  # type: ignore[attr-defined]
    return CityDay(day, age, failed, registered, differ, alarms, overdue)


def _overdue(first: date, begins: datetime, *, now: datetime, zone: str) -> dict[date, int]:
    with connection.cursor() as cursor:
        cursor.execute(OVERDUE, {"first": first, "from": begins, "now": now, "zone": zone})
        return dict(cursor.fetchall())
