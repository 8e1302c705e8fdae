"""Second looks at cases that a colleague closed alone: the list of those that wait, and taking one on the page of the case."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.models import SecondLook
from codes.review.cases.second_looks import take_second_look
from portal.official.cases.detail import read_case
from portal.official.cases.forms import SecondLookForm
from portal.official.cases.views import case_address, submit_case_form
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import check_seen
from portal.web.keyset import keyset_page
from regions.staff.roles import Role

PAGE = 50


@require_safe
@for_staff(Role.REVIEWER)
def second_looks(request: StaffRequest) -> HttpResponse:
    """List the second looks that the reader may take, the oldest first, and the reader's own decisions that were opened again."""
    waiting = SecondLook.objects.waiting_for(request.user.username).select_related("case__citizen")
    overturned = SecondLook.objects.overturning(request.user.username).select_related("case")[:PAGE]
    page = keyset_page(waiting, request.GET, by=["drawn_at", "id"], size=PAGE)
    return render(request, "official/cases/second_looks.html", {"page": page, "overturned": overturned})


@require_POST
@for_staff(Role.REVIEWER)
def take_look(request: StaffRequest, number: str) -> HttpResponse:
    detail = read_case(number=number)
    check_seen(request, detail.case, back=case_address(request, number))
    form = SecondLookForm(request.POST, auto_id="second_look_%s")
    return submit_case_form(
        request,
        detail,
        ("second_look", form),
        lambda data, **who: take_second_look(
            case_id=detail.case.pk, outcome=data["outcome"], reason=data["note"], **who
        ),
        done=_("Your second look is on the case."),
    )
