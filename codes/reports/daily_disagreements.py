"""The report ``disagreements``: who was shown different colours on a day, why, and what the city stood by."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from codes.effective import DECIDED_WHEN_ASKED, after_run, stood
from codes.models import Run
from codes.reports.formats import PERSON, Content, Row
from codes.reports.request import ReportRequest, asked_now
from codes.reports.rows import PersonCells, describe_runs, settled_runs, stream
from codes.validity import Age
from regions.sql import compose

COLUMNS = ("day", *PERSON, "colours", "effective", "effective_because", "pairs", "case_number", "case_state")
PAIR_KEYS = ("a", "b", "primary_cause", "swaps_a_to_b", "swaps_b_to_a", "guilty")

SQL = Path(__file__).with_suffix(".sql")
OF_RUN = {"decide": DECIDED_WHEN_ASKED, "stood": stood("d.citizen_id")}
STANDING = compose(SQL, "of_run", which=compose(SQL, "standing"), **OF_RUN)
KEPT = compose(SQL, "of_run", which=compose(SQL, "kept"), **OF_RUN)


def daily_disagreements(request: ReportRequest, *, now: datetime) -> Content:
    """Rows by day, then citizen. Raises ``CannotExport``.

    Of a day that was asked for, the effective code of that day; without one, what it is now.
    """
    runs = settled_runs(first=request.first, last=request.last)
    person = PersonCells(identified=request.identified)
    cause = request.wanted("cause")
    return Content(
        COLUMNS,
        _rows(runs, person, cause, now=asked_now(request, now)),
        {**describe_runs(runs), **request.only},
        person,
    )


def _rows(runs: Sequence[Run], person: PersonCells, cause: str | None, *, now: datetime | None) -> Iterator[Row]:
    for run in runs:
        day = run.day.isoformat()
        parameters = after_run(run, now=now)
        age = Age.of(run.day, now=now) if now else Age()
        rows = stream(KEPT if run.history else STANDING, parameters)
        for citizen, ref, encrypted, name, colours, effective, because, pairs, *case in rows:
            diagnosed = _pairs(pairs)
            if cause is not None and cause not in [pair["primary_cause"] for pair in diagnosed]:
                continue
            shown = dict(sorted(json.loads(colours).items()))
            stood_by = age.seen(effective, because)
            yield (day, *person.of(citizen, ref, encrypted, name), shown, *stood_by, diagnosed, *case)


def _pairs(stored: str) -> list[dict[str, Any]]:
    """The diagnoses with their keys in the order of the contract, which the database does not keep."""
    return [{key: pair[key] for key in PAIR_KEYS} for pair in json.loads(stored)]
