"""Who works on a case: taking it, taking it over from a holder one sees, giving it back, giving it to a colleague."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from codes.models import Case
from codes.review import assignments, cases
from portal.official.case_forms import ComplexForm
from portal.official.case_page import CASE_WORK, case_address, show_case
from portal.official.case_sheet import read_sheet
from portal.web.access import StaffRequest, for_staff, own_or_404
from portal.web.refusing import attempt_and_return, refusals
from regions.staff.roles import Role


@require_POST
@for_staff(Role.REVIEWER)
def take(request: StaffRequest, number: str) -> HttpResponse:
    """Make it one's own. ``holder`` is whom the page showed; by now another is the 409 page."""
    case = own_or_404(Case.objects.all(), number=number)
    return attempt_and_return(
        request,
        lambda: assignments.take_over(
            case_id=case.pk, holder=request.POST.get("holder", ""), by=request.user.username, now=timezone.now()
        ),
        back=case_address(request, number),
        done=_("The case is yours."),
    )


@require_POST
@for_staff(Role.REVIEWER)
def release(request: StaffRequest, number: str) -> HttpResponse:
    """Give it back to everybody."""
    case = own_or_404(Case.objects.all(), number=number)
    return attempt_and_return(
        request,
        lambda: assignments.put_back(case_id=case.pk, by=request.user.username, now=timezone.now()),
        back=case_address(request, number),
        done=_("The case is back in the queue for everybody."),
    )


@require_POST
@for_staff(*CASE_WORK)
def look(request: StaffRequest, number: str) -> HttpResponse:
    """Note that an official has looked: the clock of the first look stops. An act of its own, as reading writes nothing."""
    case = own_or_404(Case.objects.all(), number=number)
    return attempt_and_return(
        request,
        lambda: cases.look(case_id=case.pk, by=request.user.username, now=timezone.now()),
        back=case_address(request, number),
        done=_("Noted as looked at."),
    )


@require_POST
@for_staff(Role.REVIEWER)
def give_more_time(request: StaffRequest, number: str) -> HttpResponse:
    """Call it complex: three working days, once."""
    sheet = read_sheet(number=number)
    back = case_address(request, number)
    form = ComplexForm(request.POST, auto_id="complex_%s")
    if form.is_valid():
        with refusals(form, back=back):
            cases.mark_complex(
                case_id=sheet.case.pk, reason=form.cleaned_data["note"], by=request.user.username, now=timezone.now()
            )
            messages.success(request, _("It has three working days now."))
            return redirect(back)
    return show_case(request, sheet, {"complex": form})
