"""Exports with full names and ID numbers: those that wait for a second person, and the page of each request."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.models import IdentifiedExport
from codes.reports import identified as verbs
from codes.reports.jobs import expected_rows
from codes.reports.request import CannotExport, ReportRequest, request_of
from codes.tasks import enqueue_export
from portal.auditor.report_labels import report_title
from portal.auditor.reports import narrowed, preview
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt, attempt_and_return
from portal.web.keyset import keyset_page
from regions.staff.roles import Role
from regions.tenancy import current_city

# As ``codes.reports.request.MAY_IDENTIFY``: the same roles request and confirm, but never the same person.
READERS = (Role.AUDITOR, Role.AUDIT_ADMIN)


@require_safe
@for_staff(*READERS)
def identified_exports(request: StaffRequest) -> HttpResponse:
    """List the waiting requests, the oldest first, and below them the decided ones."""
    context = {
        "waiting": IdentifiedExport.objects.waiting().order_by("pk"),
        "page": keyset_page(
            IdentifiedExport.objects.exclude(state=IdentifiedExport.State.PROPOSED), request.GET, by=["-id"]
        ),
    }
    return render(request, "auditor/identified_exports.html", context)


@require_safe
@for_staff(*READERS)
def identified_export(request: StaffRequest, identified_id: int) -> HttpResponse:
    """Show what is requested and why, with the first rows masked. The person who confirms does not see more either."""
    asked = get_object_or_404(IdentifiedExport.objects.select_related("job"), pk=identified_id)
    is_mine = asked.proposed_by == request.user.username
    is_waiting = asked.state == IdentifiedExport.State.PROPOSED
    is_late = is_waiting and asked.expires_at <= timezone.now()
    context = {
        "asked": asked,
        "title": report_title(asked.report),
        "filters": narrowed(asked),
        "is_mine": is_mine,
        "may_withdraw": is_mine and is_waiting,
        "may_decide": is_waiting and not is_late and not is_mine,
        "is_late": is_late,
        **(_content(request_of(asked)) if is_waiting else {}),
    }
    return render(request, "auditor/identified_export.html", context)


def _content(asked: ReportRequest) -> dict[str, Any]:
    """Return the columns, the first rows and, if known in advance, the number of rows.

    Return an empty dict for days without a run.
    """
    try:
        return {"rows_expected": expected_rows(asked), **preview(asked.masked())}
    except CannotExport:
        return {}


@require_POST
@for_staff(*READERS)
def decide(request: StaffRequest, identified_id: int) -> HttpResponse:
    """Confirm or refuse the request as the second person, or withdraw it as the person who made it."""
    asked = get_object_or_404(IdentifiedExport, pk=identified_id)
    back = reverse("auditor_identified_export", args=[asked.pk])
    verb = request.POST.get("verb")
    if verb == "withdraw":
        return attempt_and_return(request, verbs.withdraw, asked.pk, back=back, done=_("The request is taken back."))
    if verb == "refuse":
        reason = request.POST.get("reason", "")
        done = _("Refused. Nothing is written.")
        return attempt_and_return(request, verbs.refuse, asked.pk, reason=reason, back=back, done=done)
    confirmed = attempt(request, verbs.confirm, asked.pk, back=back) if verb == "confirm" else None
    if confirmed is not None:
        enqueue_export(current_city().schema_name, confirmed.job.pk)
        messages.success(
            request, _("Confirmed. The file is being written for whoever asked for it, and for nobody else.")
        )
    return redirect(back)
