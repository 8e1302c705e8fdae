"""Asking the citizen for information: the deadline is paused until they answer, the question is dropped, or it lapses."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from codes.models import InformationRequest
from codes.review.cases.assign import assignee_changes
from codes.review.cases.deadlines import information_deadline
from codes.review.cases.move import find_case, move
from codes.review.cases.transitions import Verb
from codes.review.evidence.files import attach
from codes.review.permissions import require, require_own
from codes.review.proposals.ruling_policy import check_text
from regions.actors import SYSTEM
from regions.refusals import CommonReason, MovedMeanwhile, NotFound, Refused
from regions.transitions import compare_and_set

SWEEP = 1000


def ask(*, case_id: int, question: str, by: str, now: datetime) -> InformationRequest:
    """Ask the case's citizen a question, to be answered within three days."""
    require(by, Verb.ASK_INFORMATION)
    question = check_text(question, required=True)
    with transaction.atomic():
        case = find_case(case_id)
        move(case, Verb.ASK_INFORMATION, by=by, now=now, paused_at=now, **assignee_changes(case, by=by, now=now))
        return InformationRequest.objects.create(
            case=case, question=question, asked_by=by, asked_at=now, answer_by=information_deadline(now)
        )


def answer(
    *, request_id: int, text: str, by: str, now: datetime, evidence_ids: Sequence[int] = ()
) -> InformationRequest:
    """Record the citizen's answer, with files they uploaded before. The deadline resumes."""
    require(by, Verb.ANSWER_INFORMATION)
    text = check_text(text)
    if not text and not evidence_ids:
        raise Refused(CommonReason.NO_REASON)
    with transaction.atomic():
        request = _open_request(request_id)
        require_own(by, request.case.citizen)
        move(request.case, Verb.ANSWER_INFORMATION, by=by, now=now, data={"files": len(evidence_ids)})
        attach(evidence_ids, case=request.case, by=by)
        return _close(request, "answer", now=now, answer=text, answered_by=by)


def drop(*, request_id: int, by: str, now: datetime) -> InformationRequest:
    require(by, Verb.DROP_INFORMATION)
    with transaction.atomic():
        request = _open_request(request_id)
        assignee_changes(request.case, by=by, now=now)
        move(request.case, Verb.DROP_INFORMATION, by=by, now=now)
        return _close(request, "drop", now=now)


def lapse_unanswered(*, now: datetime) -> int:
    """Lapse the questions that citizens did not answer in time, so that their cases go on. Return the number of questions."""
    late = (
        InformationRequest.objects.filter(state=InformationRequest.State.OPEN, answer_by__lte=now)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    lapsed = 0
    for request_id in list(late[:SWEEP]):
        with transaction.atomic():
            try:
                request = _open_request(request_id)
                move(request.case, Verb.LAPSE_INFORMATION, by=SYSTEM, now=now)
                _close(request, "lapse", now=now)
            except Refused:  # answered or closed since the list was read
                transaction.set_rollback(True)
            else:
                lapsed += 1
    return lapsed


def _open_request(request_id: int) -> InformationRequest:
    request = InformationRequest.objects.filter(pk=request_id).first()
    if request is None:
        raise NotFound
    if request.state != InformationRequest.State.OPEN:
        raise MovedMeanwhile
    request.case = find_case(request.case_id)
    return request


def _close(request: InformationRequest, action: str, *, now: datetime, **changes: str) -> InformationRequest:
    state = InformationRequest.TRANSITIONS.next_state(action)
    read = InformationRequest.objects.filter(pk=request.pk, state=request.state)
    compare_and_set(request, read, state=state, closed_at=now, **changes)
    return request
