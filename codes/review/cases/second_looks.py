"""A second look at a few of the cases that one official closes alone: drawn at random when they are closed, taken by a
colleague.

The draw happens in the transaction that closes the case and uses the system's own randomness. The person who closes the
case cannot know the result before, cannot close without the draw, and is not informed afterwards. Until a colleague has
looked, only the journal says what was drawn.
"""

from datetime import datetime
from secrets import SystemRandom
from typing import Any

from django.db import transaction

from codes.models import Case, SecondLook
from codes.review.cases.deadlines import deadlines_of
from codes.review.cases.move import find_case, move
from codes.review.cases.transitions import Verb
from codes.review.errors import Reason
from codes.review.permissions import require
from codes.review.proposals.ruling_policy import check_text
from regions.actors import SYSTEM
from regions.journal.record import record
from regions.refusals import MovedMeanwhile, NotFound, Refused
from regions.tenancy import current_city
from regions.transitions import compare_and_set

Outcome = SecondLook.Outcome
RANDOM = SystemRandom()


def draw_second_look(case: Case, *, by: str, now: datetime) -> None:
    """Decide at random whether the case, which ``by`` has just closed alone, gets a second look.

    Call in the transaction that closes it.
    """
    if RANDOM.random() >= current_city().second_look_share:
        return
    drawn = SecondLook.objects.create(case=case, decided_by=by, case_outcome=case.outcome, drawn_at=now)
    record("second_look.drawn", by=SYSTEM, now=now, subject=f"case:{case.number}", data=drawn.described())


def check_not_overturned(case: Case, *, by: str) -> None:
    """Raise ``Refused`` if ``by`` closed the case alone before and a second look disagreed. Somebody else must close it now."""
    if SecondLook.objects.filter(case=case, decided_by=by, outcome=Outcome.DIFFERS).exists():
        raise Refused(Reason.OVERTURNED)


def take_second_look(*, case_id: int, outcome: str, reason: str, by: str, now: datetime) -> SecondLook:
    """Record a colleague's answer.

    If it differs, with a reason, the case is assigned to the colleague to decide again, by proposal or alone.

    If a newer case of the same person and kind is open, that case decides; the answer is then recorded with the old
    case only.
    """
    require(by, Verb.REOPEN)
    if outcome not in set(Outcome):
        raise Refused(Reason.UNKNOWN_REASON)
    differs = outcome == Outcome.DIFFERS
    reason = check_text(reason, required=differs)
    with transaction.atomic():
        case = find_case(case_id)
        drawn = SecondLook.objects.waiting().filter(case=case).first()
        if drawn is None:
            if SecondLook.objects.filter(case=case).exists():
                raise MovedMeanwhile
            raise NotFound
        if drawn.decided_by == by:
            raise Refused(Reason.OWN_DECISION)
        newer = Case.objects.open().filter(citizen=case.citizen, kind=case.kind).exclude(pk=case.pk)
        if differs and not newer.exists():
            _reopen(case, drawn, by=by, now=now)
        waiting = SecondLook.objects.waiting().filter(pk=drawn.pk)
        compare_and_set(drawn, waiting, outcome=outcome, reason=reason, looked_by=by, looked_at=now)
        drawn.case = case
        record(f"second_look.{outcome}", by=by, now=now, subject=f"case:{case.number}", data=drawn.described())
    return drawn


def _reopen(case: Case, drawn: SecondLook, *, by: str, now: datetime) -> None:
    """Assign the case to the colleague, with a deadline as if it were opened now.

    The earlier answer is kept with the second look.
    """
    anew: dict[str, Any] = {
        "outcome": "",
        "answer": "",
        "due_at": deadlines_of(case.severity, opened_at=now).answer,
        "complex_since": None,
        "escalated_at": None,
        "escalated_for": "",
        "assigned_to": by,
        "assigned_at": now,
    }
    move(case, Verb.REOPEN, by=by, now=now, data={"second_look": drawn.pk, "outcome": case.outcome}, **anew)
