"""Judging one partition: one statement evaluates its citizens, notes what would change, and says what it did.

What it notes is the run's history rows. They count, for anybody who reads colours, once the run has settled: until then the
city shows what it showed, and a run that is held or fails leaves nothing behind but its history.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from codes.engine.query import verdicts_of
from codes.engine.subjects import DAILY, DAILY_VERDICTS, DAILY_VERDICTS_ACROSS_EDITIONS, NAMED, among
from codes.models import RuleSetVersion, Run
from regions.sql import compose

IN_RANGE = "v.citizen_id >= %(low)s AND v.citizen_id < %(high)s"

SQL = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True)
class Evaluated:
    """Subjects judged, verdicts that are not green, rows changed, people turned red, SHA-256 over the changed rows."""

    subjects: int
    held: int
    changed: int
    turned_red: int
    digest: str


def evaluate_range(*, run: Run, low: int, high: int, zone: str) -> Evaluated:
    """Judge the citizens with ``low`` ≤ id < ``high`` for the run and store what changed. Call in a transaction."""
    return _evaluate(run, DAILY, IN_RANGE, {"low": low, "high": high, "zone": zone})


def evaluate_named(*, run: Run, zone: str) -> Evaluated:
    """The same for the people whom a mending run names."""
    return _evaluate(run, NAMED, among(run.amends_id, "v.citizen_id"), {"zone": zone})


def _evaluate(run: Run, subjects: str, among: str, parameters: dict[str, Any]) -> Evaluated:
    today = DAILY_VERDICTS_ACROSS_EDITIONS if _later_editions(run) else DAILY_VERDICTS
    with connection.cursor() as cursor:
        statement = f"{verdicts_of(subjects)},\n{today},\n{compose(SQL, 'write', among=among)}"
        cursor.execute(statement, {"run": run.pk, **parameters})
        return Evaluated(*cursor.fetchone())


def _later_editions(run: Run) -> bool:
    return RuleSetVersion.objects.filter(effective_from__gt=run.day, created_at__lte=run.as_of).exists()
