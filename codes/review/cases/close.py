"""What a reviewer does with a case alone: look at it, ask for more time, leave the colour as it is, deny an appeal."""

from datetime import datetime

from django.db import transaction

from codes.models import Case
from codes.review.cases.assign import assignee_changes
from codes.review.cases.deadlines import complex_deadline
from codes.review.cases.move import find_case, move
from codes.review.cases.second_looks import check_not_overturned, draw_second_look
from codes.review.cases.transitions import Verb
from codes.review.errors import Reason
from codes.review.permissions import require
from codes.review.proposals.ruling_policy import check_text
from codes.review.reasons import UpholdReason
from regions.refusals import Refused
from regions.tenancy import current_city


def look(*, case_id: int, by: str, now: datetime) -> Case:
    """Note that an official has seen the case, which meets the deadline of the first look. Later looks change nothing."""
    require(by, Verb.LOOK)
    with transaction.atomic():
        case = find_case(case_id)
        if case.first_looked_at or case.closed_at:
            return case
        return move(case, Verb.LOOK, by=by, now=now, first_looked_at=now)


def mark_complex(*, case_id: int, reason: str, by: str, now: datetime) -> Case:
    """Extend a case's deadline, once, to three working days from its opening.

    ``reason`` is the explanation shown to the citizen.
    """
    require(by, Verb.MARK_COMPLEX)
    reason = check_text(reason, required=True)
    with transaction.atomic():
        case = find_case(case_id)
        if case.complex_since:
            raise Refused(Reason.COMPLEX_ALREADY)
        due_at = max(case.due_at, complex_deadline(case.opened_at, zone=current_city().zone))
        changes = {"complex_since": now, "due_at": due_at, "answer": reason, **assignee_changes(case, by=by, now=now)}
        return move(case, Verb.MARK_COMPLEX, by=by, now=now, data={"due_at": due_at.isoformat()}, **changes)


def uphold(*, case_id: int, reason_code: str, by: str, now: datetime, answer: str = "") -> Case:
    """Close a disagreement or suspension and leave the codes as they are: the city's interim policy applies."""
    return _end(Verb.UPHOLD, case_id, reason_code, answer, by=by, now=now)


def deny(*, case_id: int, reason_code: str, answer: str, by: str, now: datetime) -> Case:
    """Deny an appeal. ``answer`` is the text for the citizen, which is required."""
    return _end(Verb.DENY, case_id, reason_code, check_text(answer, required=True), by=by, now=now)


def _end(verb: Verb, case_id: int, reason_code: str, answer: str, *, by: str, now: datetime) -> Case:
    require(by, verb)
    if reason_code not in set(UpholdReason):
        raise Refused(Reason.UNKNOWN_REASON)
    answer = check_text(answer)
    with transaction.atomic():
        case = find_case(case_id)
        check_not_overturned(case, by=by)
        changes = {"outcome": reason_code, "answer": answer, **assignee_changes(case, by=by, now=now)}
        move(case, verb, by=by, now=now, data={"reason_code": reason_code}, **changes)
        draw_second_look(case, by=by, now=now)
    return case
