"""The report ``disagreements``: who was shown different colours on a day, why, and the effective code."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from codes.effective import DECIDED_WHEN_ASKED, after_run, code_after
from codes.models import Run
from codes.reports.formats import PERSON, Content, Row
from codes.reports.request import FILTERS, PLACE, ReportName, ReportRequest, asked_now, bounds, in_zone
from codes.reports.rows import PersonCells, describe_runs, settled_runs, stream
from codes.validity import Age
from regions.sql import compose
from regions.tenancy import current_city

COLUMNS = ("day", *PERSON, "colours", "effective", "effective_because", "pairs", "case_number", "case_state", "display")
PAIR_KEYS = ("a", "b", "primary_cause", "swaps_a_to_b", "swaps_b_to_a", "guilty")

SQL = Path(__file__).with_suffix(".sql")
OF_RUN = {"decide": DECIDED_WHEN_ASKED, "code_after": code_after("d.citizen_id")}


def _each(which: str) -> str:
    return compose(SQL, "of_each", which=which, place=PLACE, ages=compose(SQL, "ages"))


IS_STANDING, IS_KEPT = compose(SQL, "standing"), compose(SQL, "kept")
STANDING = compose(SQL, "of_run", which=IS_STANDING, of_each=_each(IS_STANDING), **OF_RUN)
KEPT = compose(SQL, "of_run", which=IS_KEPT, of_each=_each(IS_KEPT), **OF_RUN)
FIGURES = compose(SQL, "figures", of_each=_each(IS_STANDING))


def daily_disagreements(request: ReportRequest, *, now: datetime) -> Content:
    """Return the rows ordered by day and citizen. Raises ``CannotExport``.

    If days are requested, the effective code is that of the day and the wrong displays are those at its end; else both are the
    present ones. If the report is narrowed to a provider, it has the people to whom that provider shows another colour than others
    do, with the provider's pairs and displays.
    """
    runs = settled_runs(first=request.first, last=request.last)
    person = PersonCells(identified=request.identified)
    return Content(
        COLUMNS,
        _rows(runs, person, request, asked=asked_now(request, now), now=now),
        {**describe_runs(runs), **request.only},
        person,
    )


def _rows(
    runs: Sequence[Run], person: PersonCells, request: ReportRequest, *, asked: datetime | None, now: datetime
) -> Iterator[Row]:
    zone, cause, provider = current_city().zone, request.wanted("cause"), request.wanted("provider")
    for run in runs:
        day = run.day.isoformat()
        over = bounds(run.day, run.day, zone=zone)["until"]
        seen = now if asked or over is None else min(now, over)
        narrowed = {name: request.wanted(name) for name in FILTERS[ReportName.DISAGREEMENTS]}
        parameters = {**after_run(run, now=asked), **narrowed, "seen": seen}
        age = Age.of(run.day, now=asked) if asked else Age()
        rows = stream(KEPT if run.history else STANDING, parameters)
        for citizen, ref, encrypted, name, colours, effective, because, pairs, *case, display in rows:
            diagnosed = [one for one in _pairs(pairs) if provider in (None, one["a"], one["b"])]
            shown = dict(sorted(json.loads(colours).items()))
            if provider is not None and provider not in shown:
                continue
            if cause is not None and cause not in [pair["primary_cause"] for pair in diagnosed]:
                continue
            stood_by = age.seen(effective, because)
            displayed = [_displayed(one, zone) for one in json.loads(display) if provider in (None, one["provider"])]
            yield (day, *person.of(citizen, ref, encrypted, name), shown, *stood_by, diagnosed, *case, displayed)


def _displayed(found: dict[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """Return the cell of a wrong display, with keys in the documented order and instants in the city's time zone."""
    since = in_zone(datetime.fromisoformat(found["since"]), zone)
    return {"provider": found["provider"], "value": found["value"], "cause": found["cause"], "since": since}


def _pairs(stored: str) -> list[dict[str, Any]]:
    """Return the diagnoses with their keys in the documented order, which ``jsonb`` does not preserve."""
    return [{key: pair[key] for key in PAIR_KEYS} for pair in json.loads(stored)]
