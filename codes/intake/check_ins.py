"""Daily check-ins: healthy days are merged into one value per holder, an unhealthy day is a symptom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import connection

from codes.intake.declared_facts import DeclaredFact, Holder, store_facts
from regions.sql import compose
from regions.vocabulary import FactKind

SQL = Path(__file__).with_suffix(".sql")
MERGE = compose(SQL, "merge")


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """An accepted check-in with its holder."""

    holder: Holder
    entry_id: str
    day: date
    healthy: bool


def record_check_ins(checked_in: Sequence[CheckedIn], *, now: datetime) -> None:
    """Merge the healthy days and file the unhealthy ones as facts. Call in the transaction of the entries."""
    healthy = [one for one in checked_in if one.healthy]
    if healthy:
        said: dict[str, Any] = {
            "citizens": [one.holder.citizen_id for one in healthy],
            "providers": [one.holder.provider_id for one in healthy],
            "days": [one.day for one in healthy],
            "now": now,
        }
        with connection.cursor() as cursor:
            cursor.execute(MERGE, said)
    store_facts([_symptom(one, now) for one in checked_in if not one.healthy], now=now)


def _symptom(one: CheckedIn, now: datetime) -> DeclaredFact:
    return DeclaredFact(
        holder=one.holder,
        record_id=f"{one.entry_id}/{FactKind.SYMPTOM.value}",
        kind=FactKind.SYMPTOM,
        area=None,
        started_on=one.day,
        ended_on=None,
        recorded_at=now,
    )
