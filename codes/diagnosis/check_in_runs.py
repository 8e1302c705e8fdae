"""The longest unbroken run of healthy check-ins each side counts: what tells two check-in records apart."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from codes.diagnosis.contrast import Contrast
from codes.diagnosis.piece import CheckIns
from codes.engine import sides


def check_in_runs(found: Contrast, hits: list[dict[str, Any]]) -> list[CheckIns]:
    """For each hit that one side's check-ins release and the other's do not, both sides' runs since its anchor."""
    pair = found.pair
    counted = sides.check_in_runs(pair.citizen_id, known_at=pair.as_of) if hits else []
    told: list[CheckIns] = []
    for hit in hits:
        needed = found.evidence.rules[hit["rule_id"]].checkin_days
        since = date.fromisoformat(hit["anchor"])
        a, b = (
            _longest((one for one in counted if one.provider_id == provider), since, pair.day)
            for provider in (pair.a, pair.b)
        )
        if a != b:
            told.append(CheckIns(rule=hit["rule"], anchor=hit["anchor"], needed=needed, a=a, b=b))
    return told


def _longest(runs: Iterable[sides.CheckInRun], first: date, last: date) -> int:
    """In days, of what lies between the two, both included."""
    return max((max((min(one.last, last) - max(one.first, first)).days + 1, 0) for one in runs), default=0)
