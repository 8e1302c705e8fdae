"""Saving the queue's filter under a name, making it the default of the queue, and removing it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from codes.review.cases.saved_filters import filters_of, make_default, remove_filter, save_filter
from portal.official.queue.filters import filter_query, parse_filter, queue_address
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt_and_return
from regions.staff.roles import CASE_WORK


@require_POST
@for_staff(*CASE_WORK)
def save(request: StaffRequest) -> HttpResponse:
    """Save the filter that is in the address."""
    filters = parse_filter(request.GET)
    return attempt_and_return(
        request,
        lambda by, **_now: save_filter(
            name=request.POST.get("name", ""),
            query=filter_query(filters)[1:],
            is_default=request.POST.get("is_default") == "1",
            by=by,
        ),
        back=queue_address(filters) if filter_query(filters) else f"{queue_address(filters)}?all=1",
        done=_("The filter is kept."),
    )


@require_POST
@for_staff(*CASE_WORK)
def change(request: StaffRequest, filter_id: int) -> HttpResponse:
    """Make the filter the default or remove it (``act``: ``default`` or ``remove``).

    Answer 404 for a filter of somebody else.
    """
    kept = get_object_or_404(filters_of(request.user.username), pk=filter_id)
    back = f"{reverse('official_queue')}?{kept.query}"
    acts = {"default": (make_default, _("Changed.")), "remove": (remove_filter, _("Removed."))}
    if chosen := acts.get(request.POST.get("act", "")):
        act, done = chosen
        return attempt_and_return(request, lambda by, **_now: act(filter_id=kept.pk, by=by), back=back, done=done)
    return redirect(back)
