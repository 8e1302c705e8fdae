"""Asking a source to correct its record.

The case's deadline is not paused meanwhile, so that the citizen does not wait for an office.
"""

from datetime import datetime

from django.db import transaction

from codes.models import CorrectionRequest, Fact
from codes.review.cases.move import find_case, move
from codes.review.cases.transitions import Verb
from codes.review.errors import Reason
from codes.review.permissions import require
from codes.review.proposals.ruling_policy import check_text
from regions.journal.record import record
from regions.refusals import NotFound, Refused
from regions.transitions import compare_and_set


def send(*, case_id: int, fact_id: int, text: str, sent_to: str, by: str, now: datetime) -> CorrectionRequest:
    """Ask the owner of a source's record to correct it. ``sent_to`` names the office."""
    require(by, Verb.SEND_CORRECTION)
    text, sent_to = check_text(text, required=True), check_text(sent_to, required=True)
    with transaction.atomic():
        case = find_case(case_id)
        fact = Fact.objects.filter(pk=fact_id, citizen=case.citizen_id).first()
        if fact is None:
            raise NotFound
        if fact.source_id is None:
            raise Refused(Reason.NOT_A_SOURCE_RECORD)
        if CorrectionRequest.objects.filter(case=case, fact=fact, answered_at__isnull=True).exists():
            raise Refused(Reason.ASKED_ALREADY)
        move(case, Verb.SEND_CORRECTION, by=by, now=now, data={"fact": fact.pk, "source": fact.source_id})
        return CorrectionRequest.objects.create(
            case=case, fact=fact, text=text, sent_to=sent_to, sent_by=by, sent_at=now
        )


def enter_answer(*, request_id: int, answer: str, by: str, now: datetime, text: str = "") -> CorrectionRequest:
    """Record the owner's answer: ``corrected``, ``upheld`` or ``not_ours``. The correction itself arrives as a record."""
    require(by, Verb.ANSWER_CORRECTION)
    text = check_text(text)
    if answer not in CorrectionRequest.Answer.values:
        raise Refused(Reason.UNKNOWN_REASON)
    with transaction.atomic():
        request = CorrectionRequest.objects.filter(pk=request_id).first()
        if request is None:
            raise NotFound
        case = find_case(request.case_id)
        data = {"fact": request.fact_id, "answer": answer}
        if case.closed_at is None:
            move(case, Verb.ANSWER_CORRECTION, by=by, now=now, data=data)
        else:  # offices may answer after the case was closed
            record(f"case.{Verb.ANSWER_CORRECTION.value}", by=by, now=now, subject=f"case:{case.number}", data=data)
        changes = {"answer": answer, "answer_text": text, "answer_entered_by": by, "answered_at": now}
        compare_and_set(request, CorrectionRequest.objects.filter(pk=request.pk, answered_at__isnull=True), **changes)
    return request
