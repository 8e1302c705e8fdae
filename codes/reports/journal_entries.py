"""The report ``journal``: the audit chain, entry by entry, with the digests that seal it."""

import json
from collections.abc import Iterator

from codes.reports.content import Content, Row
from codes.reports.days import bounds, in_zone, named, span
from codes.reports.request import ReportRequest
from codes.reports.stream import stream
from regions.tenancy import current_city

COLUMNS = ("seq", "at", "by", "verb", "subject", "data", "digest")

ENTRIES = f"""
SELECT seq, at, by, verb, subject, data, encode(digest, 'hex')
FROM journal_journalentry
WHERE {span("at")} AND (%(by)s::text IS NULL OR by = %(by)s) AND (%(verb)s::text IS NULL OR verb = %(verb)s)
ORDER BY seq
"""  # noqa: S608 - composed of constants


def journal_entries(request: ReportRequest) -> Content:
    """Entries by their place in the chain."""
    return Content(COLUMNS, _rows(request), {**named(request.first, request.last), **request.only})


def _rows(request: ReportRequest) -> Iterator[Row]:
    zone = current_city().zone
    narrowed = {name: request.wanted(name) for name in ("by", "verb")}
    parameters = {**narrowed, **bounds(request.first, request.last, zone=zone)}
    for seq, at, by, verb, subject, data, digest in stream(ENTRIES, parameters):
        yield (seq, in_zone(at, zone), by, verb, subject or None, json.loads(data), digest)
