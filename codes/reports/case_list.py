"""The reports ``cases`` and ``appeals``: who appealed, who decided what, and when."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from codes.reports.formats import PERSON, Content, Row
from codes.reports.request import PLACE, ReportName, ReportRequest, bounds, in_zone, named, span
from codes.reports.rows import PersonCells, stream
from regions.sql import compose
from regions.tenancy import current_city

COLUMNS = (
    "number",
    "kind",
    "state",
    "severity",
    *PERSON,
    "colours",
    "opened_at",
    "due_at",
    "paused_at",
    "escalated_at",
    "assigned_to",
    "closed_at",
    "outcome",
    "follows",
    "appeal",
    "rulings",
)
APPEAL_KEYS = ("provider", "rule", "reason_code", "tested_on", "colour", "filed_at")
RULING_KEYS = ("colour", "state", "reason_code", "proposed_by", "decided_by", "decided_at", "expires_on")

SQL = Path(__file__).with_suffix(".sql")
NARROWED = compose(SQL, "narrowed", span=span("c.opened_at"))
PLACED = compose(SQL, "placed", narrowed=NARROWED, place=PLACE)
CASES = compose(SQL, "cases", narrowed=NARROWED, placed=PLACED)
FIGURES = compose(SQL, "figures", placed=PLACED)


class Stored(NamedTuple):
    citizen: int
    ref: str
    encrypted: bytes
    full_name: str
    number: str
    kind: str
    state: str
    severity: str
    colours: str | None
    opened_at: datetime
    due_at: datetime
    paused_at: datetime | None
    escalated_at: datetime | None
    assigned_to: str
    closed_at: datetime | None
    outcome: str
    follows: str | None
    appeal: str | None
    rulings: str


def case_list(request: ReportRequest) -> Content:
    """Return the cases ordered by the instant they were opened. The report ``appeals`` has only those opened by an appeal."""
    person = PersonCells(identified=request.identified)
    filters = {**named(request.first, request.last), **request.only}
    return Content(COLUMNS, _rows(request, person), filters, person)


def parameters_of(request: ReportRequest) -> dict[str, Any]:
    kind = "appeal" if request.report is ReportName.APPEALS else request.wanted("kind")
    narrowed = {"kind": kind, "state": request.wanted("state"), "place": request.wanted("place")}
    return {**narrowed, **bounds(request.first, request.last, zone=current_city().zone)}


def _rows(request: ReportRequest, person: PersonCells) -> Iterator[Row]:
    zone = current_city().zone
    for case in map(Stored._make, stream(CASES, parameters_of(request))):
        yield (
            case.number,
            case.kind,
            case.state,
            case.severity,
            *person.of(case.citizen, case.ref, case.encrypted, case.full_name),
            dict(sorted(json.loads(case.colours).items())) if case.colours else None,
            *(in_zone(instant, zone) for instant in (case.opened_at, case.due_at, case.paused_at, case.escalated_at)),
            case.assigned_to or None,
            in_zone(case.closed_at, zone),
            case.outcome or None,
            case.follows,
            _chosen(json.loads(case.appeal), APPEAL_KEYS) if case.appeal else None,
            [_chosen(ruling, RULING_KEYS) for ruling in json.loads(case.rulings)],
        )


def _chosen(stored: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return only these keys. Free text, which may name people, is not exported."""
    return {key: stored[key] for key in keys}
