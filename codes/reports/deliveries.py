"""The report ``sources``: what each source delivered, and what became of it."""

import json
from collections.abc import Iterator

from codes.reports.content import Content, Row
from codes.reports.days import bounds, in_zone, named, span
from codes.reports.request import ReportRequest
from codes.reports.stream import stream
from regions.sources.batch_reasons import sentence
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
    "reason",
    "message",
)

BATCHES = f"""
SELECT s.code, b.id, b.state, b.since, b.as_of, b.started_at, b.received_at, b.delivered, b.accepted, b.unchanged,
       b.quarantined, b.reason, b.parts
FROM sources_batch b
JOIN sources_source s ON s.id = b.source_id
WHERE {span("b.started_at")} AND (%(source)s::text IS NULL OR s.code = %(source)s)
  AND (%(state)s::text IS NULL OR b.state = %(state)s)
ORDER BY b.started_at, b.id
"""  # noqa: S608 - composed of constants


def deliveries(request: ReportRequest) -> Content:
    """Batches in the order they began."""
    return Content(COLUMNS, _rows(request), {**named(request.first, request.last), **request.only})


def _rows(request: ReportRequest) -> Iterator[Row]:
    zone = current_city().zone
    narrowed = {name: request.wanted(name) for name in ("source", "state")}
    for source, batch, state, *rest in stream(BATCHES, {**narrowed, **bounds(request.first, request.last, zone=zone)}):
        since, as_of, started, received, delivered, accepted, unchanged, quarantined, reason, parts = rest
        instants = (in_zone(instant, zone) for instant in (since, as_of, started, received))
        message = sentence(reason, json.loads(parts), "en") if reason else None
        yield (source, batch, state, *instants, delivered, accepted, unchanged, quarantined, reason or None, message)
