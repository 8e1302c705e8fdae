"""What an appeal must be: pure questions of fact, apart from who asks."""

from datetime import date

from codes.review.appealable import EVIDENCE_FOR, FITS, INSTEAD, NO_APPEAL, AppealReason
from codes.review.refusals import Reason
from regions.refusals import CommonReason, Refused
from regions.vocabulary import FactKind


def check_kind(kind: str) -> None:
    """Raises ``Refused`` with what to do instead for a medical finding and for contacts: before anybody fills in a form."""
    if kind in NO_APPEAL:
        raise Refused(Reason.CANNOT_APPEAL, instead=INSTEAD[FactKind(kind)])


def check_appeal(
    *, kind: str, reason_code: str, text: str, files: int, tested_on: date | None, anchor: date, today: date
) -> None:
    """Raises ``Refused`` with the first thing that is missing. ``anchor`` is the day the hit counts from."""
    check_kind(kind)
    if reason_code not in set(AppealReason):
        raise Refused(Reason.UNKNOWN_REASON)
    reason = AppealReason(reason_code)
    if kind not in FITS[reason]:
        raise Refused(Reason.REASON_DOES_NOT_FIT)
    asked = EVIDENCE_FOR[reason]
    if asked.text and not text:
        raise Refused(CommonReason.NO_REASON)
    if files < asked.files:
        raise Refused(Reason.FILES_MISSING)
    if asked.test_day and (tested_on is None or not anchor <= tested_on <= today):
        raise Refused(Reason.TEST_DATE)
