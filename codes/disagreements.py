"""Find the citizens for whom two providers show different colours, and keep these disagreements from run to run."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce

from codes.engine.subjects import JUDGED_BY_RUN, NAMED_BY_RUN, among, unjudged
from codes.models import PairDiagnosis, Run
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True)
class DisagreementChanges:
    opened: int
    closed: int
    standing: int


def settle_disagreements(run: Run, *, narrowed: bool = False) -> DisagreementChanges:
    """Open and close disagreements according to the run's verdicts. Call in the settling transaction.

    An amending run settles only those of the people it names; ``narrowed`` only those of the people the run has judged.
    """
    people = among(NAMED_BY_RUN if run.amends_id else JUDGED_BY_RUN if narrowed else "", "citizen_id")
    found = _found("codes_verdict", people)
    with connection.cursor() as cursor:
        cursor.execute(compose(SQL, "settle", found=found, among=people), {"run": run.pk})
        opened, closed = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM codes_disagreement WHERE closed_run_id IS NULL")
        return DisagreementChanges(opened, closed, cursor.fetchone()[0])


def keep_disagreements(run: Run) -> int:
    """Store the disagreements found by a run of history, without changing the standing ones. Return their number."""
    found = _found(compose(SQL, "judged_by"), "true")
    with connection.cursor() as cursor:
        cursor.execute(compose(SQL, "keep", found=found), {"run": run.pk})
        return int(cursor.rowcount)


UNJUDGED = unjudged("%(run)s")


def _found(verdicts: str, among: str) -> str:
    people = compose(SQL, "held", verdicts=verdicts, among=among)
    return compose(SQL, "found", people=people, verdict=compose(SQL, "by", verdicts=verdicts), unjudged=UNJUDGED)


TO_OPEN = compose(
    SQL,
    "to_open",
    found=compose(
        SQL, "found", people=compose(SQL, "changed_in_range"), verdict=compose(SQL, "to_stand"), unjudged=UNJUDGED
    ),
)


class ToOpen(NamedTuple):
    """A disagreement that a run under way will open. ``colours``: code of each provider → its colour."""

    citizen_id: int
    colours: dict[str, str]
    fingerprint: bytes


def disagreements_to_open(run: Run, *, low: int, high: int) -> list[ToOpen]:
    """Return the disagreements that the run will open for citizens with ``low`` ≤ id < ``high``, if none of its changes is held."""
    with connection.cursor() as cursor:
        cursor.execute(TO_OPEN, {"run": run.pk, "low": low, "high": high})
        rows = cursor.fetchall()
    return [ToOpen(citizen, json.loads(colours), bytes(fingerprint)) for citizen, colours, fingerprint in rows]


class Kind(NamedTuple):
    cause: str
    a: int
    b: int


def pairs_after(runs: Sequence[Run]) -> dict[Kind, list[int]]:
    """Return for every kind the number of pairs that differed after each of the runs. ``runs`` must be ordered, the oldest first.

    The numbers are counted back from the present ones, so that the cost does not depend on the whole history.
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
    """Return the number of pairs by kind and run. A run that amends another counts as that run."""
    rows = pairs.values_list("primary_cause", "a", "b", Coalesce(f"{which}__amends", which)).annotate(Count("pk"))
    return Counter({(Kind(cause, a, b), run): count for cause, a, b, run, count in rows})


def _since(moved: Counter[tuple[Kind, int | None]], kind: Kind, run: Run) -> int:
    return sum(count for (one, at), count in moved.items() if one == kind and at is not None and at > run.pk)
