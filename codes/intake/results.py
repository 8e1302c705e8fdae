"""What became of each line."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from codes.intake.refusals import BadLine


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
    refusal: BadLine | None = None

    def as_json(self) -> dict[str, Any]:
        """What the provider is told of the line, by the command and by the API alike; it repeats nothing but the entry id."""
        told: dict[str, Any] = {"line": self.number, "result": self.outcome.value}
        if self.entry_id:
            told["entry_id"] = self.entry_id
        if self.refusal is not None:
            told["reason"] = self.refusal.reason.value
            if self.refusal.field:
                told["field"] = self.refusal.field
            told["message"] = {"zh-hans": self.refusal.said_in("zh-hans"), "en": self.refusal.said_in("en")}
        return told
