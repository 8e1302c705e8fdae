"""Replaying a past day: the same inputs through the same query, held against what was stored then.

Instant, horizons and editions are the run's own, so the engine sees what it saw, whatever has been received since.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from codes.engine.query import verdicts_of
from codes.engine.subjects import DAILY, DAILY_VERDICTS_ACROSS_EDITIONS
from codes.models import Partition, Run
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
COMPARE = compose(SQL, "compare")
STATEMENT = f"{verdicts_of(DAILY)},\n{DAILY_VERDICTS_ACROSS_EDITIONS},\n{COMPARE}"

COUNT = compose(SQL, "count")

ASPECTS = ("colour", "rule_set_version", "hits", "turns_green_on", "needs")


@dataclass(frozen=True)
class Difference:
    """An aspect of a verdict that does not come out again: what was stored, and what the replay says."""

    citizen_ref: str
    provider: str
    aspect: str
    stored: Any
    replayed: Any


@dataclass
class Replayed:
    """How many verdicts were held against each other, and every difference."""

    verdicts: int = 0
    differences: list[Difference] = field(default_factory=list)


def replay(run: Run, *, citizen_id: int | None = None) -> Replayed:
    """Judge the run's people, or one of them, again by its frozen inputs. Writes nothing.

    Goes range by range, as the run did. A range that the run parked was never judged, and is left out. A mending run judged
    the people it names.
    """
    done = Replayed()
    with connection.cursor() as cursor:
        for low, high in _ranges(run, citizen_id):
            values: dict[str, Any] = {"run": run.pk, "low": low, "high": high, "zone": current_city().timezone}
            cursor.execute(COUNT, values)
            done.verdicts += cursor.fetchone()[0]
            cursor.execute(STATEMENT, values)
            for ref, provider, stored, replayed in cursor.fetchall():
                done.differences += _aspects(ref, provider, json.loads(stored), json.loads(replayed))
    return done


def _ranges(run: Run, citizen_id: int | None) -> list[tuple[int, int]]:
    if run.amends_id is not None:
        named = run.citizens.order_by("citizen").values_list("citizen", flat=True)
        return [(one, one + 1) for one in (named if citizen_id is None else named.filter(citizen=citizen_id))]
    judged = Partition.objects.filter(run=run, state=Partition.State.DONE).order_by("number")
    if citizen_id is None:
        return list(judged.values_list("low", "high"))
    return [(citizen_id, citizen_id + 1)] if judged.filter(low__lte=citizen_id, high__gt=citizen_id).exists() else []


def _aspects(ref: str, provider: str, stored: dict[str, Any], replayed: dict[str, Any]) -> Iterator[Difference]:
    for aspect in ASPECTS:
        if stored[aspect] != replayed[aspect]:
            yield Difference(ref, provider, aspect, stored[aspect], replayed[aspect])
