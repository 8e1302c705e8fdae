"""Deciding a case: proposing a colour, closing without a change, withdrawing a proposal, and going to the next case."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.models import Case, Ruling
from codes.review.cases import close
from codes.review.cases.queue import open_cases
from codes.review.proposals import rulings
from portal.official.cases.detail import CaseDetail, read_case
from portal.official.cases.forms import DecisionForm, EndForm
from portal.official.cases.views import (
    LAST,
    act_on_case,
    case_address,
    keep_added,
    note_with_template,
    show_case,
    submit_case_form,
)
from portal.official.queue.filters import parse_filter, queue_address
from portal.web.access import StaffRequest, for_staff
from portal.web.bodies import takes_file
from portal.web.errors import check_seen, form_refusals
from portal.web.keyset import rows_beside
from regions.refusals import NotFound
from regions.staff.roles import CASE_WORK, Role


@takes_file
@require_POST
@for_staff(Role.REVIEWER)
def decide(request: StaffRequest, number: str) -> HttpResponse:
    """Propose a colour, or close the case and leave the colours as they are."""
    detail = read_case(number=number)
    back = case_address(request, number)
    check_seen(request, detail.case, back=back)
    if (note := note_with_template(request, detail)) is not None:
        typed = {**request.POST.dict(), "grounds": request.POST.getlist("grounds"), "note": note}
        return show_case(request, detail, {"decision": DecisionForm(detail=detail, typed=typed)})
    form = DecisionForm(request.POST, request.FILES, detail=detail)
    if form.is_valid():
        with form_refusals(form, back=back):
            done = _keep(request, detail, form) if form.keeps else _propose(request, detail, form)
            messages.success(request, done)
            request.session[LAST] = form.remembered()
            return redirect(
                _neighbour(request, detail.case, undecided=True) if request.POST.get("go") == "next" else back
            )
    return show_case(request, detail, {"decision": form})


@require_POST
@for_staff(Role.REVIEWER)
def take_back(request: StaffRequest, number: str) -> HttpResponse:
    proposed = get_object_or_404(Ruling.objects.waiting(), case__number=number)
    done = _("Your proposal is taken back; the case is in review again.")
    return act_on_case(request, number, rulings.withdraw_proposal, ruling_id=proposed.pk, done=done)


@require_POST
@for_staff(Role.REVIEWER)
def end_ruling(request: StaffRequest, number: str) -> HttpResponse:
    """Propose to end the ruling in force before its day."""
    detail = read_case(number=number)
    in_force = detail.standing
    if in_force is None:
        raise NotFound
    return submit_case_form(
        request,
        detail,
        ("ending", EndForm(request.POST, auto_id="ending_%s")),
        lambda data, **who: rulings.propose_end(
            ruling_id=in_force["id"], reason_code=data["reason_code"], reason=data["note"], **who
        ),
        done=_("Its early end is proposed. A second official decides."),
    )


@require_safe
@for_staff(*CASE_WORK)
def neighbour(request: StaffRequest, number: str) -> HttpResponse:
    """Redirect to the next case of the queue, or to the previous one with ``way=back``.

    At either end, redirect to the queue.
    """
    case = get_object_or_404(Case, number=number)
    return redirect(_neighbour(request, case, backwards=request.GET.get("way") == "back"))


def _propose(request: StaffRequest, detail: CaseDetail, form: DecisionForm) -> str:
    data, by, now = form.cleaned_data, request.user.username, timezone.now()
    evidence = form.references() + keep_added(data, case=detail.case, by=by, now=now)
    rulings.propose(
        case_id=detail.case.pk,
        colour=data["outcome"],
        reason_code=data["reason_code"],
        evidence=evidence,
        expires_on=data["expires_on"],
        by=by,
        now=now,
        reason=data["note"],
    )
    return _("%(number)s: proposed. A second official decides.") % {"number": detail.case.number}


def _keep(request: StaffRequest, detail: CaseDetail, form: DecisionForm) -> str:
    data, case = form.cleaned_data, detail.case
    end = close.deny if case.kind == Case.Kind.APPEAL else close.uphold
    end(
        case_id=case.pk,
        reason_code=data["keep_code"],
        answer=data["note"],
        by=request.user.username,
        now=timezone.now(),
    )
    return _("%(number)s: closed, the colour stays.") % {"number": case.number}


def _neighbour(request: StaffRequest, case: Case, *, backwards: bool = False, undecided: bool = False) -> str:
    filters, now = parse_filter(request.GET), timezone.now()
    beside = open_cases(filters, now=now).exclude(pk=case.pk)
    if undecided:
        beside = beside.undecided().filter(assigned_to__in=["", request.user.username])
    found = rows_beside(beside, case, by=filters.order.columns, backwards=backwards).values_list("number", flat=True)
    number = found.first()
    if number is not None:
        return case_address(request, number)
    return queue_address(filters)
