"""Who somebody is: name, number and phone, for a stated purpose that the journal and the citizen get to read."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from codes.review.access import reveal
from portal.official.case_forms import RevealForm
from portal.official.case_page import CASE_WORK, case_address, show_case
from portal.official.case_sheet import read_sheet
from portal.web.access import StaffRequest, for_staff
from portal.web.refusing import refusals


@require_POST
@for_staff(*CASE_WORK)
def reveal_person(request: StaffRequest, number: str) -> HttpResponse:
    """The case with its citizen named, in the answer to this request only: nothing of it is kept in a session or address."""
    sheet = read_sheet(number=number)
    form = RevealForm(request.POST, auto_id="reveal_%s")
    if form.is_valid():
        with refusals(form, back=case_address(request, number)):
            person = reveal(
                citizen_id=sheet.case.citizen_id,
                purpose=form.cleaned_data["purpose"],
                by=request.user.username,
                now=timezone.now(),
            )
            return show_case(request, sheet, person=person)
    return show_case(request, sheet, {"reveal": form})
