"""The report ``disagreements``: who was shown different colours on a day, why, and what the city stood by."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from codes.models import Run
from codes.reports.formats import PERSON, Content, Row
from codes.reports.request import ReportRequest
from codes.reports.rows import PersonCells, describe_runs, settled_runs, stream
from regions.sql import compose

COLUMNS = ("day", *PERSON, "colours", "effective", "effective_because", "pairs", "case_number", "case_state")
PAIR_KEYS = ("a", "b", "primary_cause", "swaps_a_to_b", "swaps_b_to_a", "guilty")

SQL = Path(__file__).with_suffix(".sql")
STANDING = compose(SQL, "standing")


def daily_disagreements(request: ReportRequest) -> Content:
    """Rows by day, then citizen. Raises ``CannotExport``."""
    runs = settled_runs(first=request.first, last=request.last)
    person = PersonCells(identified=request.identified)
    cause = request.wanted("cause")
    return Content(COLUMNS, _rows(runs, person, cause), {**describe_runs(runs), **request.only}, person)


def _rows(runs: Sequence[Run], person: PersonCells, cause: str | None) -> Iterator[Row]:
    for run in runs:
        day = run.day.isoformat()
        following = Run.objects.settled().filter(pk__gt=run.pk).order_by("pk").first()
        parameters = {"run": run.pk, "until": following.as_of if following else None}
        for citizen, ref, encrypted, name, colours, effective, because, pairs, *case in stream(STANDING, parameters):
            diagnosed = _pairs(pairs)
            if cause is not None and cause not in [pair["primary_cause"] for pair in diagnosed]:
                continue
            shown = dict(sorted(json.loads(colours).items()))
            stood_by = (effective or "green", because or "agreement")
            yield (day, *person.of(citizen, ref, encrypted, name), shown, *stood_by, diagnosed, *case)


def _pairs(stored: str) -> list[dict[str, Any]]:
    """The diagnoses with their keys in the order of the contract, which the database does not keep."""
    return [{key: pair[key] for key in PAIR_KEYS} for pair in json.loads(stored)]
