"""Which runs speak for which days: the last settled one of each."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from codes.models import Run
from codes.reports.days import named
from codes.reports.request import CannotExport

DAYS_NAMED = 10


def settled_runs(*, first: date | None, last: date | None) -> Sequence[Run]:
    """The last settled run of each day from ``first`` to ``last``, oldest first; without days, the newest one of all.

    Raises ``CannotExport`` when there is none, with the days that there are.
    """
    settled = Run.objects.settled()
    if first is None and last is None:
        newest = settled.order_by("-pk").first()
        first = last = newest.day if newest else None
    asked = settled
    if first is not None:
        asked = asked.filter(day__gte=first)
    if last is not None:
        asked = asked.filter(day__lte=last)
    runs = list(asked.order_by("day", "-sequence").distinct("day"))
    if not runs:
        raise CannotExport(_nothing(first, last))
    return runs


def told(runs: Sequence[Run]) -> dict[str, Any]:
    """The runs as a manifest names them, with the day or days they are of."""
    each = [
        {"run": run.pk, "day": run.day.isoformat(), "sequence": run.sequence, "as_of": run.as_of.isoformat()}
        for run in runs
    ]
    return {**named(runs[0].day, runs[-1].day), "runs": each}


def _nothing(first: date | None, last: date | None) -> str:
    days = list(Run.objects.settled().order_by("-day").values_list("day", flat=True).distinct())
    if not days:
        return "no run of this city has settled yet: manage.py recompute"
    asked = str(first) if first == last else f"the days from {first or 'the first'} to {last or 'the last'}"
    named = ", ".join(map(str, days[:DAYS_NAMED]))
    more = f" and {len(days) - DAYS_NAMED} more, the first on {days[-1]}" if len(days) > DAYS_NAMED else ""
    return f"no settled run for {asked}; there are runs for {named}{more}"
