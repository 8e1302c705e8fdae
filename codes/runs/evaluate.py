"""Judging one partition: one statement evaluates its citizens, notes what would change, and says what it did.

What it notes is the run's history rows. They count, for anybody who reads colours, once the run has settled: until then the
city shows what it showed, and a run that is held or fails leaves nothing behind but its history.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from codes.engine.query import verdicts_of
from codes.engine.subjects import DAILY, DAILY_VERDICTS, DAILY_VERDICTS_ACROSS_EDITIONS, NAMED, among
from codes.models import RuleSetVersion, Run

IN_RANGE = "v.citizen_id >= %(low)s AND v.citizen_id < %(high)s"

# Only changed verdicts are written: the new ones against the ones that stood, by one full join. A provider that is not
# known in this run keeps its rows; its colours do not count until it is known again.
WRITE = """
stood AS MATERIALIZED (
    SELECT v.* FROM codes_verdict v
    JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s AND p.known
    WHERE {among}
),
changed AS MATERIALIZED (
    SELECT coalesce(n.citizen_id, o.citizen_id) AS citizen_id, coalesce(n.provider_id, o.provider_id) AS provider_id,
           coalesce(n.version_id, o.version_id) AS version_id,
           coalesce(o.colour, 'green') AS before, coalesce(n.colour, 'green') AS after,
           coalesce(n.hits, '[]') AS hits, n.turns_green_on, n.needs
    FROM today n
    FULL JOIN stood o ON o.citizen_id = n.citizen_id AND o.provider_id = n.provider_id
    WHERE n.colour IS DISTINCT FROM o.colour OR n.hits IS DISTINCT FROM o.hits
       OR n.version_id IS DISTINCT FROM o.version_id OR n.turns_green_on IS DISTINCT FROM o.turns_green_on
       OR n.needs IS DISTINCT FROM o.needs
),
history AS (
    INSERT INTO codes_verdictchange (run_id, citizen_id, provider_id, version_id, before, after, hits, turns_green_on, needs)
    SELECT %(run)s, citizen_id, provider_id, version_id, before, after, hits, turns_green_on, needs FROM changed
)
SELECT (SELECT count(*) FROM subject), (SELECT count(*) FROM today), count(*),
       count(*) FILTER (WHERE after = 'red' AND before <> 'red'),
       encode(sha256(convert_to(coalesce(string_agg(
           concat_ws('|', citizen_id, provider_id, before, after, hits, turns_green_on), E'\\n' ORDER BY citizen_id, provider_id
       ), ''), 'UTF8')), 'hex')
FROM changed
"""


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
        statement = f"{verdicts_of(subjects)},\n{today},\n{WRITE.replace('{among}', among)}"
        cursor.execute(statement, {"run": run.pk, **parameters})
        return Evaluated(*cursor.fetchone())


def _later_editions(run: Run) -> bool:
    return RuleSetVersion.objects.filter(effective_from__gt=run.day, created_at__lte=run.as_of).exists()
