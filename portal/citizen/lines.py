"""A citizen's own words as the lines a provider sends: the pages take the same way in as everybody."""

import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from codes.intake.citizens import REF_LETTERS
from codes.intake.entries import take_lines
from codes.intake.results import BadLine, Outcome
from codes.models import Citizen
from regions.keys.encryption import decrypt_number

NUMBER_LETTERS = 8


def new_number(day: date) -> str:
    """A confirmation number that can be read over the telephone."""
    return f"B{day:%Y%m%d}-" + "".join(secrets.choice(REF_LETTERS) for _ in range(NUMBER_LETTERS))


def declare(
    citizen: Citizen, answers: Mapping[str, Any], *, providers: Iterable[str], number: str, by: str, now: datetime
) -> None:
    """Declare the same to each of the providers. Raises ``BadLine`` at the first that cannot be taken; the same number again
    with the same answers is no second declaration.
    """
    _take(citizen, providers, {"type": "declaration", "submitted_at": now.isoformat(), **answers}, number, by, now)


def check_in(
    citizen: Citizen, *, healthy: bool, day: date, providers: Iterable[str], number: str, by: str, now: datetime
) -> None:
    """Report the day's health to each of the providers. Raises ``BadLine``."""
    _take(citizen, providers, {"type": "check_in", "day": day.isoformat(), "healthy": healthy}, number, by, now)


def _take(
    citizen: Citizen, providers: Iterable[str], said: Mapping[str, Any], number: str, by: str, now: datetime
) -> None:
    who = {"id_type": citizen.id_type, "id_number": decrypt_number(bytes(citizen.id_encrypted)), "entry_id": number}
    lines = [json.dumps({**said, **who, "provider": provider}).encode() for provider in providers]
    for result in take_lines(lines, by=by, now=now):
        if result.outcome is Outcome.REFUSED and isinstance(result.refusal, BadLine):
            raise result.refusal
