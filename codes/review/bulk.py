"""What acts on many cases have in common."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from codes.models import Case
from codes.vocabulary import Colour

BULK_LIMIT = 5000


class Handled(NamedTuple):
    """How many cases were acted on, and how many of the chosen were left for a decision of their own."""

    done: int
    skipped: int


def turns_no_stricter(colour: str, before: str) -> bool:
    """Whether a bulk act may give this colour to somebody who has ``before``; never to one of whom nothing is known."""
    return before in set(Colour) and Colour(colour).severity <= Colour(before).severity


def numbers_digest(cases: Iterable[Case]) -> str:
    """SHA-256 over the sorted case numbers: the journal's entry accounts for exactly these."""
    numbers = sorted(case.number for case in cases)
    return hashlib.sha256("\n".join(numbers).encode()).hexdigest()
