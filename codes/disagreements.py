"""Finds citizens for whom two providers show different colours, and keeps these disagreements from run to run."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce

from codes.engine.subjects import JUDGED_BY_RUN, NAMED_BY_RUN, among
from codes.models import PairDiagnosis, Run
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True)
class DisagreementChanges:
    opened: int
    closed: int
    standing: int


def settle_disagreements(run: Run, *, narrowed: bool = False) -> DisagreementChanges:
    """Bring the open disagreements to what the run's verdicts say. Call in the settling transaction.

    Of an amending run, those of the people it names; ``narrowed``: those of the people it has judged.
    """
    people = among(NAMED_BY_RUN if run.amends_id else JUDGED_BY_RUN if narrowed else "", "citizen_id")
    found = _found("codes_verdict", people)
    with connection.cursor() as cursor:
        cursor.execute(compose(SQL, "settle", found=found, among=people), {"run": run.pk})
        opened, closed = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM codes_disagreement WHERE closed_run_id IS NULL")
        return DisagreementChanges(opened, closed, cursor.fetchone()[0])


def keep_disagreements(run: Run) -> int:
    """Write down who disagreed on the day of a run of history, beside what stands; how many."""
    found = _found(compose(SQL, "judged_by"), "true")
    with connection.cursor() as cursor:
        cursor.execute(compose(SQL, "keep", found=found), {"run": run.pk})
        return int(cursor.rowcount)


def _found(verdicts: str, among: str) -> str:
    people = compose(SQL, "held", verdicts=verdicts, among=among)
    return compose(SQL, "found", people=people, verdict=compose(SQL, "by", verdicts=verdicts))


TO_OPEN = compose(
    SQL,
    "to_open",
    found=compose(SQL, "found", people=compose(SQL, "changed_in_range"), verdict=compose(SQL, "to_stand")),
)


class ToOpen(NamedTuple):
    """A disagreement that a run under way will open: code of each provider → its colour."""

    citizen_id: int
    colours: dict[str, str]
    fingerprint: bytes


def disagreements_to_open(run: Run, *, low: int, high: int) -> list[ToOpen]:
    """Of the citizens with ``low`` ≤ id < ``high``, by what the run has changed so far, if nothing of it is kept back."""
    with connection.cursor() as cursor:
        cursor.execute(TO_OPEN, {"run": run.pk, "low": low, "high": high})
        rows = cursor.fetchall()
    return [ToOpen(citizen, json.loads(colours), bytes(fingerprint)) for citizen, colours, fingerprint in rows]


class Kind(NamedTuple):
    cause: str
    a: int
    b: int


def pairs_after(runs: Sequence[Run]) -> dict[Kind, list[int]]:
    """For every kind there was, how many pairs differed after each of the runs; ``runs`` come oldest first.

    Counted back from what differs now, so that the cost is that of today's pairs and of those runs, not of all history.
    """
    if not runs:
        return {}
    first = runs[0].pk
    pairs = PairDiagnosis.objects
    now = _by_run(pairs.filter(disagreement__closed_run=None), "disagreement__closed_run")
    opened = _by_run(pairs.filter(disagreement__opened_run__gt=first), "disagreement__opened_run")
    closed = _by_run(pairs.filter(disagreement__closed_run__gt=first), "disagreement__closed_run")
    kinds = sorted({kind for kind, _ in [*now, *opened, *closed]})
    return {
        kind: [now[kind, None] - _since(opened, kind, run) + _since(closed, kind, run) for run in runs]
        for kind in kinds
    }


def _by_run(pairs: QuerySet[PairDiagnosis], which: str) -> Counter[tuple[Kind, int | None]]:
    """What amended a run belongs to that run: the day came to what it left."""
    rows = pairs.values_list("primary_cause", "a", "b", Coalesce(f"{which}__amends", which)).annotate(Count("pk"))
    return Counter({(Kind(cause, a, b), run): count for cause, a, b, run, count in rows})


def _since(moved: Counter[tuple[Kind, int | None]], kind: Kind, run: Run) -> int:
    return sum(count for (one, at), count in moved.items() if one == kind and at is not None and at > run.pk)
