"""What each provider saw of a citizen and what its rules made of it, asked of the engine: also what is released by now."""

from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from codes.engine.query import verdicts_of
from codes.engine.subjects import DAILY
from codes.models import Run
from regions.tenancy import current_city

# The day's own subjects only: those of later editions (segment 1, 2 …) are for the forecast.
SEEN = """
SELECT f.declared_with, f.fact_id, m.rule_id, m.anchor, h.fact_id IS NOT NULL, h.until_told
FROM seen f
LEFT JOIN matched m ON m.sid = f.sid AND m.fact_id = f.fact_id AND m.anchor <= f.day
LEFT JOIN hit h ON h.sid = f.sid AND h.fact_id = f.fact_id AND h.rule_id = m.rule_id
WHERE f.assumed_from IS NULL
ORDER BY f.declared_with, f.started_on, f.fact_id, m.code, m.rule_id
"""

RUNS = """
SELECT provider_id, lower(unbroken), upper(unbroken) - 1
FROM (SELECT provider_id, unnest(range_agg(daterange(day, day, '[]'))) AS unbroken
      FROM codes_entry
      WHERE citizen_id = %s AND type = 'check_in' AND healthy AND received_at <= %s
      GROUP BY provider_id) counted
ORDER BY provider_id, unbroken
"""


class Seen(NamedTuple):
    """A record a provider sees; with the rule about it, the day it counts from, and until when it holds if it does."""

    provider_id: int
    fact_id: int
    rule_id: int | None
    anchor: date | None
    holds: bool
    until: date | None


class CheckInRun(NamedTuple):
    """Consecutive days with a healthy check-in."""

    provider_id: int
    first: date
    last: date


def seen_by(run: Run, citizen_id: int) -> list[Seen]:
    """By the run's frozen inputs, as the verdicts that stand were."""
    values: dict[str, Any] = {"run": run.pk, "low": citizen_id, "high": citizen_id + 1, "zone": current_city().timezone}
    with connection.cursor() as cursor:
        cursor.execute(f"{verdicts_of(DAILY)}\n{SEEN}", values)
        return [Seen(*row) for row in cursor.fetchall()]


def check_in_runs(run: Run, citizen_id: int) -> list[CheckInRun]:
    """What the run knew of the citizen's check-ins."""
    with connection.cursor() as cursor:
        cursor.execute(RUNS, [citizen_id, run.as_of])
        return [CheckInRun(*row) for row in cursor.fetchall()]
