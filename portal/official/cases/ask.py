"""Requests about a case: questions to the citizen, and correction requests to the owner of a record."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from codes.models import CorrectionRequest, InformationRequest
from codes.review import corrections, information
from portal.official.cases.detail import read_case
from portal.official.cases.forms import CorrectionAnswerForm, CorrectionForm, QuestionForm
from portal.official.cases.views import (
    act_on_case,
    case_address,
    note_with_template,
    seen_facts,
    show_case,
    submit_case_form,
)
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import check_seen
from regions.staff.roles import Role


@require_POST
@for_staff(Role.REVIEWER)
def ask(request: StaffRequest, number: str) -> HttpResponse:
    """Ask the citizen for information. The deadline is paused until they answer."""
    detail = read_case(number=number)
    check_seen(request, detail.case, back=case_address(request, number))
    if (note := note_with_template(request, detail)) is not None:
        return show_case(
            request,
            detail,
            {"question": QuestionForm(initial={"note": note}, auto_id="question_%s")},
            opened="question",
        )
    return submit_case_form(
        request,
        detail,
        ("question", QuestionForm(request.POST, auto_id="question_%s")),
        lambda data, **who: information.ask(case_id=detail.case.pk, question=data["note"], **who),
        done=_("The citizen is asked. The deadline is paused until they answer."),
    )


@require_POST
@for_staff(Role.REVIEWER)
def drop_question(request: StaffRequest, number: str) -> HttpResponse:
    question = get_object_or_404(
        InformationRequest.objects.filter(case__number=number), state=InformationRequest.State.OPEN
    )
    done = _("The question is dropped; the deadline is no longer paused.")
    return act_on_case(request, number, information.drop, request_id=question.pk, done=done)


@require_POST
@for_staff(Role.REVIEWER)
def correct(request: StaffRequest, number: str) -> HttpResponse:
    """Ask the owner of a record to correct it. The deadline is not paused."""
    detail = read_case(number=number)
    return submit_case_form(
        request,
        detail,
        ("correction", CorrectionForm(request.POST, facts=seen_facts(detail), auto_id="correction_%s")),
        lambda data, **who: corrections.send(
            case_id=detail.case.pk, fact_id=int(data["fact"]), text=data["note"], sent_to=data["sent_to"], **who
        ),
        done=_("The owner is asked to put the record right. The deadline is not paused."),
    )


@require_POST
@for_staff(Role.REVIEWER)
def enter_correction_answer(request: StaffRequest, number: str, correction: int) -> HttpResponse:
    """Record the owner's answer. This is possible also after the case is closed."""
    detail = read_case(number=number)
    get_object_or_404(CorrectionRequest.objects.filter(case=detail.case), pk=correction)
    return submit_case_form(
        request,
        detail,
        ("correction_answer", CorrectionAnswerForm(request.POST, auto_id="correction_answer_%s")),
        lambda data, **who: corrections.enter_answer(
            request_id=correction, answer=data["answer"], text=data["note"], **who
        ),
        done=_("Their answer is on the case."),
    )
