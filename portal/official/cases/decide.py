"""Deciding a case: proposing a colour or leaving it, taking a proposal back, and the next case."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.models import Case, Ruling
from codes.review.cases import close
from codes.review.cases.queue import open_cases
from codes.review.proposals import rulings
from portal.official.cases.detail import Sheet, read_sheet
from portal.official.cases.forms import DecisionForm, EndForm
from portal.official.cases.views import CASE_WORK, LAST, case_address, keep_added, show_case
from portal.official.queue.filters import chosen_of, query_of
from portal.web.access import StaffRequest, for_staff, own_or_404
from portal.web.errors import attempt_and_return, check_seen, refusals
from regions.refusals import NotFound
from regions.staff.roles import Role


@require_POST
@for_staff(Role.REVIEWER)
def decide(request: StaffRequest, number: str) -> HttpResponse:
    """Propose a colour, or close the case with the colours as they are."""
    sheet = read_sheet(number=number)
    back = case_address(request, number)
    check_seen(request, sheet.case, back=back)
    form = DecisionForm(request.POST, request.FILES, sheet=sheet)
    if form.is_valid():
        with refusals(form, back=back):
            done = _keep(request, sheet, form) if form.keeps else _propose(request, sheet, form)
            messages.success(request, done)
            request.session[LAST] = form.remembered()
            return redirect(_onwards(request, sheet.case) if request.POST.get("go") == "next" else back)
    return show_case(request, sheet, {"decision": form})


@require_POST
@for_staff(Role.REVIEWER)
def take_back(request: StaffRequest, number: str) -> HttpResponse:
    """Take one's own proposal back."""
    case = own_or_404(Case.objects.all(), number=number)
    waiting = Ruling.objects.waiting().filter(case=case).first()
    if waiting is None:
        raise NotFound
    return attempt_and_return(
        request,
        lambda: rulings.withdraw_proposal(ruling_id=waiting.pk, by=request.user.username, now=timezone.now()),
        back=case_address(request, number),
        done=_("Your proposal is taken back; the case is in review again."),
    )


@require_POST
@for_staff(Role.REVIEWER)
def end_ruling(request: StaffRequest, number: str) -> HttpResponse:
    """Propose that the ruling in force ends before its day."""
    sheet = read_sheet(number=number)
    if sheet.standing is None:
        raise NotFound
    back = case_address(request, number)
    form = EndForm(request.POST, auto_id="ending_%s")
    if form.is_valid():
        with refusals(form, back=back):
            rulings.propose_end(
                ruling_id=sheet.standing["id"],
                reason=form.cleaned_data["note"],
                by=request.user.username,
                now=timezone.now(),
            )
            messages.success(request, _("Its early end is proposed. A second official decides."))
            return redirect(back)
    return show_case(request, sheet, {"ending": form})


@require_safe
@for_staff(*CASE_WORK)
def neighbour(request: StaffRequest, number: str) -> HttpResponse:
    """The next case of the queue one came from, or with ``way=back`` the one before; the queue at its ends."""
    case = own_or_404(Case.objects.all(), number=number)
    return redirect(_neighbour(request, case, backwards=request.GET.get("way") == "back"))


def _propose(request: StaffRequest, sheet: Sheet, form: DecisionForm) -> str:
    told, by, now = form.cleaned_data, request.user.username, timezone.now()
    evidence = form.references() + keep_added(told, case=sheet.case, by=by, now=now)
    rulings.propose(
        case_id=sheet.case.pk,
        colour=told["outcome"],
        reason_code=told["reason_code"],
        evidence=evidence,
        expires_on=told["expires_on"],
        by=by,
        now=now,
        reason=told["note"],
    )
    return _("%(number)s: proposed. A second official decides.") % {"number": sheet.case.number}


def _keep(request: StaffRequest, sheet: Sheet, form: DecisionForm) -> str:
    told, case = form.cleaned_data, sheet.case
    end = close.deny if case.kind == Case.Kind.APPEAL else close.uphold
    end(
        case_id=case.pk,
        reason_code=told["keep_code"],
        answer=told["note"],
        by=request.user.username,
        now=timezone.now(),
    )
    return _("%(number)s: closed, the colour stays.") % {"number": case.number}


def _onwards(request: StaffRequest, case: Case) -> str:
    """After a decision: the next that can be decided."""
    return _neighbour(request, case, undecided=True)


def _neighbour(request: StaffRequest, case: Case, *, backwards: bool = False, undecided: bool = False) -> str:
    chosen, now = chosen_of(request.GET), timezone.now()
    beside = open_cases(chosen, now=now).exclude(pk=case.pk)
    if undecided:
        beside = beside.undecided().filter(assigned_to__in=["", request.user.username])
    at, place = case.due_at, case.pk
    if backwards:
        beside = beside.filter(Q(due_at=at, pk__lt=place) | Q(due_at__lt=at)).order_by("-due_at", "-pk")
    else:
        beside = beside.filter(Q(due_at=at, pk__gt=place) | Q(due_at__gt=at)).order_by("due_at", "pk")
    found = beside.values_list("number", flat=True).first()
    if found is not None:
        return case_address(request, found)
    query = query_of(chosen)
    return reverse("official_queue") + (f"?{query}" if query else "")
