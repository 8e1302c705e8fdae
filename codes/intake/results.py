"""The result of each line."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from regions.refusals import Refused


class Refusal(TextChoices):
    """Reason codes of refused lines; `{field}` is the key in the line."""

    BAD_JSON = "bad_json", _("The line is not one JSON object in UTF-8.")
    TOO_LONG = "too_long", _("The line is longer than {limit} bytes.")
    REPEATED_KEY = "repeated_key", _("A key stands in the line twice.")
    UNKNOWN_TYPE = "unknown_type", _("type must be declaration, check_in or displayed.")
    MISSING_FIELD = "missing_field", _("{field} is missing.")
    UNKNOWN_FIELD = "unknown_field", _("{field} is not a known key; is it misspelt?")
    BAD_FIELD = "bad_field", _("{field} does not have a value that was agreed on.")
    BAD_TEXT = "bad_text", _("{field} holds characters that cannot be kept.")
    BAD_DATE = "bad_date", _("{field} must be a plausible day, YYYY-MM-DD.")
    BAD_TIME = "bad_time", _("{field} must be an ISO 8601 instant with an offset.")
    ENDS_BEFORE_START = "ends_before_start", _("{field} lies before its beginning.")
    IN_FUTURE = "in_future", _("{field} has not come yet.")
    UNKNOWN_SYMPTOM = (
        "unknown_symptom",
        _(
            "{field} holds a code that was not agreed on, or says at once that there are symptoms and that there are not."
        ),
    )
    BAD_AREA = "bad_area", _("{field} must be the code of a division of GB/T 2260.")
    BAD_ID = "bad_id", _("The identity document cannot be anybody's. {why}")
    UNKNOWN_PROVIDER = "unknown_provider", _("This city has no such provider.")
    OTHER_PROVIDER = "other_provider", _("This key may not speak for another provider.")
    ENTRY_ID_REUSED = "entry_id_reused", _("The entry_id was used for other content.")
    CANNOT_BE_STORED = "cannot_be_stored", _("The database refused the line; tell the operator.")


class BadLine(Refused):
    def __init__(self, reason: Refusal, field: str = "", **params: object) -> None:
        super().__init__(reason, field=field, **params)
        self.field = field


class Outcome(StrEnum):
    """A duplicate is a line whose content is stored already: it is no error and makes no second entry."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LineResult:
    """``number`` counts the lines from 1. ``refusal`` is the reason of a refused line, else ``None``.

    ``left_out``: personal details that could not be used; the rest of the line was.
    """

    number: int
    outcome: Outcome
    entry_id: str = ""
    refusal: BadLine | None = None
    left_out: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the result as sent to the provider by the command and the API.

        Of the line's content it repeats only the entry id.
        """
        result: dict[str, Any] = {"line": self.number, "result": self.outcome.value}
        if self.entry_id:
            result["entry_id"] = self.entry_id
        if self.left_out:
            result["left_out"] = list(self.left_out)
        if self.refusal is not None:
            result["reason"] = self.refusal.reason.value
            if self.refusal.field:
                result["field"] = self.refusal.field
            result["message"] = {"zh-hans": self.refusal.message_in("zh-hans"), "en": self.refusal.message_in("en")}
        return result
