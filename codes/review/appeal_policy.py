"""What an appeal must be: pure questions of fact, apart from who asks."""

from datetime import date

from codes.review.appealable import EVIDENCE_FOR, FITS, INSTEAD, NO_APPEAL, AppealReason, Instead
from codes.review.refusals import Reason, Refused
from regions.vocabulary import FactKind


class CannotAppeal(Refused):
    """An appeal cannot change this colour; ``instead`` is what the citizen can do."""

    def __init__(self, kind: FactKind) -> None:
        super().__init__(Reason.CANNOT_APPEAL)
        self.instead: Instead = INSTEAD[kind]


def check_kind(kind: str) -> None:
    """Raises ``CannotAppeal`` for a medical finding and for contacts: before anybody fills in a form."""
    if kind in NO_APPEAL:
        raise CannotAppeal(FactKind(kind))


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
        raise Refused(Reason.NO_REASON)
    if files < asked.files:
        raise Refused(Reason.FILES_MISSING)
    if asked.test_day and (tested_on is None or not anchor <= tested_on <= today):
        raise Refused(Reason.TEST_DATE)
