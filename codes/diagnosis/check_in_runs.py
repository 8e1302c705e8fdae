"""The longest unbroken run of healthy check-ins each side counts: what tells two check-in records apart."""

from typing import Any

from django.db import connection

from codes.diagnosis.contrast import Contrast
from codes.diagnosis.piece import CheckIns

LONGEST = """
SELECT coalesce(max(upper(unbroken) - lower(unbroken)), 0)
FROM unnest((SELECT range_agg(daterange(e.day, e.day, '[]'))
             FROM codes_entry e
             WHERE e.citizen_id = %s AND e.provider_id = %s AND e.type = 'check_in' AND e.healthy AND e.received_at <= %s)
            * datemultirange(daterange(%s, %s, '[]'))) AS unbroken
"""


def check_in_runs(found: Contrast, hits: list[dict[str, Any]]) -> list[CheckIns]:
    """For each hit that one side's check-ins release and the other's do not, both sides' runs since its anchor."""
    runs: list[CheckIns] = []
    for hit in hits:
        needed = found.evidence.rules[hit["rule_id"]].checkin_days
        a, b = (_longest(found, provider, hit["anchor"]) for provider in (found.pair.a, found.pair.b))
        if a != b:
            runs.append(CheckIns(rule=hit["rule"], anchor=hit["anchor"], needed=needed, a=a, b=b))
    return runs


def _longest(found: Contrast, provider: int, anchor: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(LONGEST, [found.pair.citizen_id, provider, found.pair.as_of, anchor, found.pair.day])
        return int(cursor.fetchone()[0])
