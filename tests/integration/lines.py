"""Lines as providers send them, and a function that imports them."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from codes.intake.entries import take_lines
from codes.intake.results import LineResult
from codes.models import Citizen
from regions.identity import Identity
from regions.keys.encryption import identity_hash
from regions.vocabulary import IdType

Line = dict[str, Any]
# Fictitious ID numbers of two residents that pass every check.
ANNA, BERT = "11010519491231002X", "510104199003078033"


def declaration(**changes: Any) -> Line:
    """Return a valid declaration of Anna to Alipay with these changes. A change to ``...`` omits the key."""
    line: Line = {
        "type": "declaration",
        "provider": "alipay",
        "entry_id": "d-1",
        "id_type": "10",
        "id_number": ANNA,
        "full_name": "安娜",
        "phone": "13800000000",
        "submitted_at": "2026-11-20T08:00:00+08:00",
        "symptoms": [],
        "contact": "no",
        "area_stays": [],
        "arrival": None,
        "overseas_arrival_on": None,
    }
    return _changed(line, changes)


def check_in(**changes: Any) -> Line:
    """Return a healthy check-in of Anna with Alipay, submitted at noon of its day. A change to ``...`` omits the key."""
    line: Line = {
        "type": "check_in",
        "provider": "alipay",
        "entry_id": "c-1",
        "id_type": "10",
        "id_number": ANNA,
        "submitted_at": f"{changes.get('day')}T12:00:00+08:00",
        "day": "2026-11-20",
        "healthy": True,
    }
    if not _is_day(changes.get("day")):
        line["submitted_at"] = "2026-11-20T12:00:00+08:00"
    return _changed(line, changes)


def take(*lines: Line | bytes, now: datetime, **options: Any) -> list[LineResult]:
    """Import the lines into the current city. Return the results."""
    raw = [line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() for line in lines]
    return list(take_lines(raw, by="system", now=now, **options))


def outcomes(results: Iterable[LineResult]) -> list[str]:
    """Return the outcome of each line: `accepted`, `duplicate`, or the reason for its refusal."""
    return [result.refusal.reason.value if result.refusal else result.outcome.value for result in results]


def citizen(id_number: str = ANNA, id_type: IdType = IdType.RESIDENT_ID) -> Citizen:
    """Return the citizen with this document in the current city."""
    return Citizen.objects.get(id_hash=identity_hash(Identity(id_type, id_number)))


def _is_day(text: object) -> bool:
    try:
        return bool(date.fromisoformat(str(text)))
    except ValueError:
        return False


def _changed(line: Line, changes: dict[str, Any]) -> Line:
    return {key: value for key, value in (line | changes).items() if value is not ...}
