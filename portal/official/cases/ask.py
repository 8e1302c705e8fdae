"""What officials ask about a case: the citizen for information, a source's owner to put a record right."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from codes.models import Case, CorrectionRequest, InformationRequest
from codes.review import corrections, information
from portal.official.cases.detail import read_sheet
from portal.official.cases.forms import CorrectionAnswerForm, CorrectionForm, QuestionForm
from portal.official.cases.views import case_address, seen_facts, show_case
from portal.web.access import StaffRequest, for_staff, own_or_404
from portal.web.errors import attempt_and_return, check_seen, refusals
from regions.staff.roles import Role


@require_POST
@for_staff(Role.REVIEWER)
def ask(request: StaffRequest, number: str) -> HttpResponse:
    """Ask the citizen; the clock stands until they answer."""
    sheet = read_sheet(number=number)
    back = case_address(request, number)
    check_seen(request, sheet.case, back=back)
    form = QuestionForm(request.POST, auto_id="question_%s")
    if form.is_valid():
        with refusals(form, back=back):
            information.ask(
                case_id=sheet.case.pk, question=form.cleaned_data["note"], by=request.user.username, now=timezone.now()
            )
            messages.success(request, _("The citizen is asked. The clock stands until they answer."))
            return redirect(back)
    return show_case(request, sheet, {"question": form})


@require_POST
@for_staff(Role.REVIEWER)
def drop_question(request: StaffRequest, number: str) -> HttpResponse:
    """Go on without an answer."""
    case = own_or_404(Case.objects.all(), number=number)
    question = own_or_404(InformationRequest.objects.filter(case=case), state="open")
    return attempt_and_return(
        request,
        lambda: information.drop(request_id=question.pk, by=request.user.username, now=timezone.now()),
        back=case_address(request, number),
        done=_("The question is dropped; the clock goes on."),
    )


@require_POST
@for_staff(Role.REVIEWER)
def correct(request: StaffRequest, number: str) -> HttpResponse:
    """Send a record back to its owner. The clock runs on."""
    sheet = read_sheet(number=number)
    back = case_address(request, number)
    form = CorrectionForm(request.POST, facts=seen_facts(sheet), auto_id="correction_%s")
    if form.is_valid():
        with refusals(form, back=back):
            corrections.send(
                case_id=sheet.case.pk,
                fact_id=int(form.cleaned_data["fact"]),
                text=form.cleaned_data["note"],
                sent_to=form.cleaned_data["sent_to"],
                by=request.user.username,
                now=timezone.now(),
            )
            messages.success(request, _("The owner is asked to put the record right. The clock runs on."))
            return redirect(back)
    return show_case(request, sheet, {"correction": form})


@require_POST
@for_staff(Role.REVIEWER)
def enter_correction_answer(request: StaffRequest, number: str, correction: int) -> HttpResponse:
    """Write down what the owner answered; also after the case is closed."""
    sheet = read_sheet(number=number)
    own_or_404(CorrectionRequest.objects.filter(case=sheet.case), pk=correction)
    back = case_address(request, number)
    form = CorrectionAnswerForm(request.POST, auto_id="correction_answer_%s")
    if form.is_valid():
        with refusals(form, back=back):
            corrections.enter_answer(
                request_id=correction,
                answer=form.cleaned_data["answer"],
                text=form.cleaned_data["note"],
                by=request.user.username,
                now=timezone.now(),
            )
            messages.success(request, _("Their answer is on the case."))
            return redirect(back)
    return show_case(request, sheet, {"correction_answer": form})
