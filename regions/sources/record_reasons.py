"""Why a single record is quarantined: the contract's reason codes, in the words people read."""

from django.utils.translation import gettext_lazy as _

from regions.wording import Worded


class RecordReason(Worded):
    """A reason code; `conflicting_version` is found among records, all others in one record."""

    BAD_ID = "bad_id", _("identity document not valid")
    BAD_KIND = "bad_kind", _("kind not mapped")
    BAD_DATE = "bad_date", _("date or time not valid")
    BAD_AREA = "bad_area", _("division code not valid")
    BAD_ENCODING = "bad_encoding", _("text not decodable")
    MISSING_FIELD = "missing_field", _("required field missing or not usable")
    FUTURE_RECORD = "future_record", _("recorded after the delivery's own horizon")
    CONFLICTING_VERSION = "conflicting_version", _("versions of one record contradict each other")
