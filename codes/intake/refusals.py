"""Why a line of a provider is not taken. The codes are stable; no sentence holds a value of the line."""

from django.utils.translation import gettext_lazy as _

from regions.refusals import Refused
from regions.wording import Worded


class Refusal(Worded):
    """Reason codes of refused lines; `{field}` is the key in the line."""

    BAD_JSON = "bad_json", _("The line is not one JSON object in UTF-8.")
    TOO_LONG = "too_long", _("The line is longer than {limit} bytes.")
    REPEATED_KEY = "repeated_key", _("A key stands in the line twice.")
    UNKNOWN_TYPE = "unknown_type", _("type must be declaration or check_in.")
    MISSING_FIELD = "missing_field", _("{field} is missing.")
    UNKNOWN_FIELD = "unknown_field", _("{field} is not a known key; is it misspelt?")
    BAD_FIELD = "bad_field", _("{field} does not have a value that was agreed on.")
    BAD_TEXT = "bad_text", _("{field} holds characters that cannot be kept.")
    BAD_DATE = "bad_date", _("{field} must be a plausible day, YYYY-MM-DD.")
    BAD_TIME = "bad_time", _("{field} must be an ISO 8601 instant with an offset.")
    ENDS_BEFORE_START = "ends_before_start", _("{field} lies before its beginning.")
    IN_FUTURE = "in_future", _("{field} has not come yet.")
    BAD_AREA = "bad_area", _("{field} must be a division code of 6 digits.")
    BAD_ID = "bad_id", _("The identity document cannot be anybody's. {why}")
    UNKNOWN_PROVIDER = "unknown_provider", _("This city has no such provider.")
    OTHER_PROVIDER = "other_provider", _("This key may not speak for another provider.")
    ENTRY_ID_REUSED = "entry_id_reused", _("The entry_id was used for other content.")
    CANNOT_BE_STORED = "cannot_be_stored", _("The database refused the line; tell the operator.")


class BadLine(Refused):
    """A line that is not taken, with its reason and the key that is wrong."""

    def __init__(self, reason: Refusal, field: str = "", **params: object) -> None:
        super().__init__(reason, field=field, **params)
        self.field = field
