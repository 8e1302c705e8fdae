"""Why a delivery was not accepted, in addition to the faults of its source."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from regions.sources.connectors.delivery import FaultReason
from regions.vocabulary import label_in


class BatchReason(TextChoices):
    """Reason codes of batches that were delivered whole; the batch's `parts` fill `{…}`."""

    TOO_MANY_BAD = (
        "too_many_bad",
        _(
            "{bad} of {delivered} records are bad, more than the source may have. See the quarantine and tell its owner."
        ),
    )
    CLOCK_WENT_BACK = (
        "clock_went_back",
        _(
            "The delivery is complete up to an earlier moment than the last one. Ask its owner whether data was restored."
        ),
    )
    CLOCK_AHEAD = (
        "clock_ahead",
        _("The delivery says it is complete up to a moment that has not come. Ask its owner to set the clock right."),
    )
    SHRUNKEN_DELIVERY = (
        "shrunken_delivery",
        _("A full delivery of {delivered} records where there were {before} before. Two people must confirm it."),
    )
    ABANDONED = "abandoned", _("The collection stopped half way, so nothing of it is used.")
    OVERTAKEN = "overtaken", _("A later delivery came while this one was waiting to be confirmed.")
    DISCARDED = "discarded", _("It was looked at and is not to be used.")


def sentence(reason: str, parts: dict[str, object], language: str) -> str:
    """Return the message of a reason code of either kind, or the bare code if it is of an earlier release."""
    for known in (BatchReason, FaultReason):
        if reason in set(known):
            return label_in(language, known(reason), **parts)
    return reason


class RecordReason(TextChoices):
    """A reason code; `conflicting_version` is found by comparing records, all others in a single record."""

    BAD_ID = "bad_id", _("identity document not valid")
    BAD_KIND = "bad_kind", _("kind not mapped")
    BAD_DATE = "bad_date", _("date or time not valid")
    BAD_AREA = "bad_area", _("division code not valid")
    BAD_ENCODING = "bad_encoding", _("text not decodable")
    MISSING_FIELD = "missing_field", _("required field missing or not usable")
    FUTURE_RECORD = (
        "future_record",
        _("begins after the day it was recorded on, or was recorded after the delivery's horizon"),
    )
    CONFLICTING_VERSION = "conflicting_version", _("versions of one record contradict each other")
