"""Daily check-ins: which check-in of a day counts, the days that count as healthy, and symptoms as facts
(``docs/semantics.md`` §2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from codes.intake.declarations import DeclaredFact, Holder, declaration_of, mark_superseded, store_facts, stored_facts
from codes.models import Entry
from regions.sql import compose
from regions.vocabulary import FactKind

SQL = Path(__file__).with_suffix(".sql")
LAST = compose(SQL, "last")
REMOVE_DAYS = compose(SQL, "remove_days", last=LAST)
ADD_DAYS = compose(SQL, "add_days", last=LAST)
# A healthy check-in counts when it was submitted on its day or on the day after.
LATEST = timedelta(days=1)


class _HealthDay(NamedTuple):
    """One person's day with one provider. Check-ins are compared within it."""

    holder: Holder
    day: date


@dataclass(frozen=True, slots=True)
class CheckedIn:
    holder: Holder
    entry_id: str
    day: date
    healthy: bool
    late: bool
    instant: datetime

    @property
    def health_day(self) -> _HealthDay:
        return _HealthDay(self.holder, self.day)


def is_late(*, healthy: bool, day: date, instant: datetime, zone: ZoneInfo) -> bool:
    """Return whether a check-in is too late to count. An unhealthy one always counts."""
    return healthy and not day <= instant.astimezone(zone).date() <= day + LATEST


def record_check_ins(checked_in: Sequence[CheckedIn], *, now: datetime) -> None:
    """Store and revoke the symptoms, and recompute which days count as healthy.

    ``checked_in`` is in the order of receipt. Call in the transaction of the entries, after they are stored.
    """
    counting = [one for one in checked_in if not one.late]
    if not counting:
        return
    _record_symptoms(counting, now=now)
    days = [(*one.holder, one.day) for one in counting]
    settle_days(days, any_sick=not all(one.healthy for one in counting), now=now)


def settle_days(days: Sequence[tuple[int, int, date]], *, any_sick: bool = True, now: datetime) -> None:
    """Recompute whether these days (citizen, provider, day) count as healthy, from the stored entries.

    ``any_sick``: whether one of the check-ins may make a day unhealthy.
    """
    parameters: dict[str, Any] = {
        "citizens": [citizen for citizen, _, _ in days],
        "providers": [provider for _, provider, _ in days],
        "days": [day for _, _, day in days],
        "now": now,
    }
    with connection.cursor() as cursor:
        if any_sick:
            cursor.execute(REMOVE_DAYS, parameters)
        cursor.execute(ADD_DAYS, parameters)


def _record_symptoms(checked_in: Sequence[CheckedIn], *, now: datetime) -> None:
    """Store the symptoms.

    An unhealthy check-in is a symptom of its day until a later healthy one of the same day revokes it.
    """
    held = _live_symptoms(checked_in)
    healthy_at = _last_healthy(checked_in)
    live = {day: list(facts) for day, facts in held.items()}
    stated: list[DeclaredFact] = []
    for one in checked_in:
        facts = live.setdefault(one.health_day, [])
        if one.healthy:
            healthy_at[one.health_day] = max(one.instant, healthy_at.get(one.health_day, one.instant))
            revoked = [fact for fact in facts if fact.recorded_at <= one.instant]
            stated += [fact.revocation(one.instant) for fact in revoked]
            live[one.health_day] = [fact for fact in facts if fact not in revoked]
            continue
        stated.append(fact := _symptom(one))
        if one.instant < healthy_at.get(one.health_day, one.instant):
            stated.append(fact.revocation(healthy_at[one.health_day]))
        else:
            facts.append(fact)
    store_facts(stated, now=now)
    mark_superseded(fact for facts in held.values() for fact in facts)


def _live_symptoms(checked_in: Sequence[CheckedIn]) -> dict[_HealthDay, list[DeclaredFact]]:
    """Return the symptoms in force from check-ins of people who now report to be healthy."""
    live: dict[_HealthDay, list[DeclaredFact]] = {}
    reported_healthy = {one.holder.citizen_id for one in checked_in if one.healthy}
    for fact in stored_facts(reported_healthy, kind=FactKind.SYMPTOM):
        if declaration_of(fact.record_id) is None:
            live.setdefault(_HealthDay(fact.holder, fact.started_on), []).append(fact)
    return live


def _last_healthy(checked_in: Sequence[CheckedIn]) -> dict[_HealthDay, datetime]:
    """Return the last healthy check-in before these, for the days that are now reported as unhealthy."""
    sick = [one for one in checked_in if not one.healthy]
    found = Entry.objects.filter(
        citizen_id__in={one.holder.citizen_id for one in sick},
        day__in={one.day for one in sick},
        type="check_in",
        healthy=True,
        late=False,
    )
    fresh = {(one.holder.provider_id, one.entry_id) for one in checked_in}
    last: dict[_HealthDay, datetime] = {}
    for citizen_id, provider_id, day, instant, entry_id in found.values_list(
        "citizen_id", "provider_id", "day", "instant", "entry_id"
    ):
        if day is not None and (provider_id, entry_id) not in fresh:
            key = _HealthDay(Holder(citizen_id, provider_id), day)
            last[key] = max(instant, last.get(key, instant))
    return last


def _symptom(one: CheckedIn) -> DeclaredFact:
    return DeclaredFact(
        holder=one.holder,
        record_id=f"{one.entry_id}/{FactKind.SYMPTOM.value}",
        kind=FactKind.SYMPTOM,
        area=None,
        started_on=one.day,
        ended_on=None,
        recorded_at=one.instant,
    )
