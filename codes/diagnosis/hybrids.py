"""The 16 hybrids of each disagreeing pair, judged by the engine: A's verdict with a set of the four factors taken from B."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from codes.diagnosis.swaps import MASKS
from codes.engine.query import verdicts_of
from codes.models import Run

# Which pairs: of the disagreements given, every two known providers whose colours differ, the one whose code sorts first as A.
PAIRS = """
    SELECT row_number() OVER (ORDER BY d.id, ca.code, cb.code) AS number, d.id AS disagreement_id, d.citizen_id,
           run.as_of, run.day,
           a.provider_id AS a, a.source_id AS a_source, a.version_id AS a_version, a.horizon AS a_horizon,
           b.provider_id AS b, b.source_id AS b_source, b.version_id AS b_version, b.horizon AS b_horizon,
           ca.code AS a_code, cb.code AS b_code,
           (a.source_id = b.source_id)::int * 2 + (a.version_id = b.version_id)::int * 4 + (a.horizon = b.horizon)::int * 8 AS same
    FROM codes_disagreement d
    JOIN codes_run run ON run.id = %(run)s
    JOIN codes_runprovider a ON a.run_id = run.id AND a.known
    JOIN codes_runprovider b ON b.run_id = run.id AND b.known
    JOIN codes_provider ca ON ca.id = a.provider_id
    JOIN codes_provider cb ON cb.id = b.provider_id AND cb.code > ca.code
    WHERE d.id = ANY (%(disagreements)s)
      AND d.colours->>ca.code <> d.colours->>cb.code
"""

# A factor that both sides share changes nothing when it is swapped, so only the masks without such a factor are judged.
HYBRIDS = f"""
    SELECT p.number * 16 + mask, p.citizen_id,
           CASE WHEN mask & 1 = 0 THEN p.a ELSE p.b END,
           CASE WHEN mask & 2 = 0 THEN p.a_source ELSE p.b_source END,
           CASE WHEN mask & 4 = 0 THEN p.a_version ELSE p.b_version END,
           CASE WHEN mask & 8 = 0 THEN p.a_horizon ELSE p.b_horizon END,
           p.as_of, p.day, NULL::date
    FROM ({PAIRS}) p
    CROSS JOIN generate_series(0, 15) AS mask
    WHERE mask & p.same = 0
"""  # noqa: S608 - composed of constants

# Every hybrid with its hits and the facts it sees, gathered into one row a pair.
TELL = """
told AS (
    SELECT s.sid / 16 AS number, s.sid %% 16 AS mask, coalesce(v.colour, 'green') AS colour, v.hits,
           facts.seen
    FROM subject s
    LEFT JOIN verdict v ON v.sid = s.sid
    LEFT JOIN (SELECT sid, array_agg(fact_id) AS seen FROM seen GROUP BY sid) facts ON facts.sid = s.sid
),
gathered AS (
    SELECT number, array_agg(mask) AS masks, array_agg(colour) AS colours, jsonb_agg(hits) AS hits, jsonb_agg(to_jsonb(seen)) AS seen
    FROM told GROUP BY number
)
"""

STATEMENT = f"""
{TELL}
SELECT p.disagreement_id, p.citizen_id, p.a, p.b, p.a_code, p.b_code, p.a_version, p.b_version, p.a_horizon, p.b_horizon,
       p.same, p.as_of, p.day, g.masks, g.colours, g.hits, g.seen
FROM ({PAIRS}) p
JOIN gathered g ON g.number = p.number
ORDER BY p.number
"""  # noqa: S608 - composed of constants


@dataclass(frozen=True)
class Judged:
    """One hybrid: its colour, its unreleased hits (as in ``Verdict.hits``) and the ids of the facts it sees."""

    colour: str
    hits: list[dict[str, Any]]
    seen: frozenset[int]


@dataclass(frozen=True)
class Pair:
    """A disagreeing pair with all its hybrids by mask; ``a`` is the provider whose code sorts first."""

    disagreement_id: int
    citizen_id: int
    a: int
    b: int
    codes: tuple[str, str]
    versions: tuple[int, int]
    horizons: tuple[datetime, datetime]
    as_of: datetime
    day: Any
    hybrids: dict[int, Judged]


def judge_pairs(run: Run, disagreements: list[int], *, zone: str) -> Iterator[Pair]:
    """All disagreeing pairs of these disagreements, as of the run, each with its 16 hybrids."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{verdicts_of(HYBRIDS)},\n{STATEMENT}", {"run": run.pk, "disagreements": disagreements, "zone": zone}
        )
        for row in cursor.fetchall():
            yield _pair(row)


def _pair(row: tuple[Any, ...]) -> Pair:
    disagreement, citizen, a, b, a_code, b_code, a_version, b_version, a_horizon, b_horizon, same, as_of, day = row[:13]
    judged = {
        mask: Judged(colour, hits or [], frozenset(seen or []))
        for mask, colour, hits, seen in zip(row[13], row[14], json.loads(row[15]), json.loads(row[16]), strict=True)
    }
    return Pair(
        disagreement_id=disagreement,
        citizen_id=citizen,
        a=a,
        b=b,
        codes=(a_code, b_code),
        versions=(a_version, b_version),
        horizons=(a_horizon, b_horizon),
        as_of=as_of,
        day=day,
        hybrids={mask: judged[mask & ~same] for mask in MASKS},
    )
