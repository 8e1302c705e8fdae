"""Replaying a past day: the same inputs through the same query, held against what was stored then."""

from dataclasses import dataclass

from django.db import connection

from codes.engine.query import verdicts_of
from codes.engine.subjects import REPLAY
from codes.models import Run
from regions.tenancy import current_city

# What stood after the run: of each citizen and provider the last change by a settled run up to it.
COMPARE = """,
stored AS MATERIALIZED (
    SELECT DISTINCT ON (citizen_id, provider_id) citizen_id, provider_id, after AS colour, hits
    FROM codes_verdictchange
    WHERE run_id IN (SELECT id FROM codes_run WHERE id <= %(run)s AND state IN ('done', 'partial'))
      AND (%(citizen)s::bigint IS NULL OR citizen_id = %(citizen)s)
    ORDER BY citizen_id, provider_id, run_id DESC
)
SELECT c.ref, provider.code, coalesce(stored.colour, 'green'), coalesce(v.colour, 'green'),
       coalesce(stored.colour, 'green') = coalesce(v.colour, 'green') AND coalesce(stored.hits, '[]') = coalesce(v.hits, '[]')
FROM subject s
JOIN codes_citizen c ON c.id = s.citizen_id
JOIN codes_provider provider ON provider.id = s.declared_with
LEFT JOIN verdict v ON v.sid = s.sid
LEFT JOIN stored ON stored.citizen_id = s.citizen_id AND stored.provider_id = s.declared_with
ORDER BY c.ref, provider.code
"""


@dataclass(frozen=True)
class Difference:
    """A verdict that does not come out again: what was stored, and what the replay says."""

    citizen_ref: str
    provider: str
    stored: str
    replayed: str


@dataclass(frozen=True)
class Replayed:
    """How many verdicts were judged again, and those that differ in colour or in their hits."""

    verdicts: int
    differences: list[Difference]


def replay(run: Run, *, citizen_id: int | None = None) -> Replayed:
    """Judge the run's people again by its frozen horizons, editions and instant. Writes nothing."""
    values = {"run": run.pk, "citizen": citizen_id, "zone": current_city().timezone}
    with connection.cursor() as cursor:
        cursor.execute(f"{verdicts_of(REPLAY)}{COMPARE}", values)
        rows = cursor.fetchall()
    return Replayed(len(rows), [Difference(*row[:4]) for row in rows if not row[4]])
