"""What became of each line."""

from dataclasses import dataclass
from enum import StrEnum

from codes.intake.refusals import Refused


class Outcome(StrEnum):
    """A duplicate is a line the city has already, word for word: no error and no second entry."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LineResult:
    """`number` counts the lines from 1; `refusal` says why, and is none unless the line was refused."""

    number: int
    outcome: Outcome
    entry_id: str = ""
    refusal: Refused | None = None
