"""The reports by name, and the function that opens each."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime

from codes.reports.case_list import case_list
from codes.reports.daily_codes import daily_codes
from codes.reports.daily_disagreements import daily_disagreements
from codes.reports.formats import Content, Row
from codes.reports.request import ReportName, ReportRequest, bounds, in_zone, named, span
from codes.reports.rows import stream
from codes.reports.work import work
from regions.sources.reasons import sentence
from regions.tenancy import current_city

COLUMNS = (
    "source",
    "batch",
    "state",
    "since",
    "as_of",
    "started_at",
    "received_at",
    "delivered",
    "accepted",
    "unchanged",
    "quarantined",
    "full",
    "late",
    "changed",
    "missing",
    "reason",
    "message",
)

BATCHES = f"""
SELECT s.code, b.id, b.state, b.since, b.as_of, b.started_at, b.received_at, b.delivered, b.accepted, b.unchanged,
       b.quarantined, b."full", b.late, b.changed, b.missing, b.reason, b.parts
FROM sources_batch b
JOIN sources_source s ON s.id = b.source_id
WHERE {span("b.started_at")} AND (%(source)s::text IS NULL OR s.code = %(source)s)
  AND (%(state)s::text IS NULL OR b.state = %(state)s)
ORDER BY b.started_at, b.id
"""  # noqa: S608 - composed of constants


def deliveries(request: ReportRequest) -> Content:
    return Content(COLUMNS, _rows(request), {**named(request.first, request.last), **request.only})


def _rows(request: ReportRequest) -> Iterator[Row]:
    zone = current_city().zone
    narrowed = {name: request.wanted(name) for name in ("source", "state")}
    for source, batch, state, *rest in stream(BATCHES, {**narrowed, **bounds(request.first, request.last, zone=zone)}):
        since, as_of, started, received, *counts, reason, parts = rest
        instants = (in_zone(instant, zone) for instant in (since, as_of, started, received))
        message = sentence(reason, json.loads(parts), request.language) if reason else None
        yield (source, batch, state, *instants, *counts, reason or None, message)


JOURNAL_ENTRIES_COLUMNS = ("seq", "at", "by", "verb", "subject", "data", "digest")

ENTRIES = f"""
SELECT seq, at, by, verb, subject, data, encode(digest, 'hex')
FROM journal_journalentry
WHERE {span("at")} AND (%(by)s::text IS NULL OR by = %(by)s) AND (%(verb)s::text IS NULL OR verb = %(verb)s)
ORDER BY seq
"""  # noqa: S608 - composed of constants


def journal_entries(request: ReportRequest) -> Content:
    return Content(
        JOURNAL_ENTRIES_COLUMNS, _rows_journal_entries(request), {**named(request.first, request.last), **request.only}
    )


def _rows_journal_entries(request: ReportRequest) -> Iterator[Row]:
    zone = current_city().zone
    narrowed = {name: request.wanted(name) for name in ("by", "verb")}
    parameters = {**narrowed, **bounds(request.first, request.last, zone=zone)}
    for seq, at, by, verb, subject, data, digest in stream(ENTRIES, parameters):
        yield (seq, in_zone(at, zone), by, verb, subject or None, json.loads(data), digest)


REPORTS: dict[ReportName, Callable[[ReportRequest], Content]] = {
    ReportName.CASES: case_list,
    ReportName.APPEALS: case_list,
    ReportName.JOURNAL: journal_entries,
    ReportName.SOURCES: deliveries,
}


def open_report(request: ReportRequest, *, now: datetime) -> Content:
    """Return the report's columns and rows, to be read in the surrounding transaction. Raises ``CannotExport``.

    Pages that show the first rows and exports that write all of them use this function.
    """
    match request.report:
        case ReportName.CODES:
            return daily_codes(request, now=now)
        case ReportName.DISAGREEMENTS:
            return daily_disagreements(request, now=now)
        case ReportName.WORK:
            return work(request, now=now)
        case _:
            return REPORTS[request.report](request)
