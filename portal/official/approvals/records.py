"""Approving that a record is wrong, and that decisions end early. Whom a record is about is judged again at once."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import OuterRef
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from codes.models import Evidence, Fact, Ruling, Suppression
from codes.review.proposals import rulings, suppressions
from codes.review.proposals.suppressions import effect_of_suppression
from codes.runs.ledger import open_run
from portal.official.approvals.inbox import FILE, json_rows, parsed
from portal.official.approvals.views import ApprovalForm
from portal.official.cases.forms import grounds_shown
from portal.official.groups.detail import effects_shown
from portal.web.access import StaffRequest, for_staff, own_or_404
from portal.web.errors import attempt_and_return, refusals
from regions.staff.roles import Role


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.APPROVER)
def record(request: StaffRequest, suppression_id: int) -> HttpResponse:
    """One record said to be wrong: what it says and whom it holds first, then why, then the answer."""
    files = json_rows(Evidence.objects.filter(case=OuterRef("case")), *FILE)
    proposal = own_or_404(Suppression.objects.select_related("case").annotate(files_json=files), pk=suppression_id)
    form = ApprovalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals(form, back=request.path):
            messages.success(request, _decide(request, form, proposal))
            return redirect(f"{reverse('official_approvals')}?kind=records")
    which = {"record_id": proposal.record_id, "source_id": proposal.source_id, "provider_id": proposal.provider_id}
    versions = list(Fact.objects.filter(**which).select_related("source", "provider", "citizen").order_by("version"))
    is_open = proposal.state == "proposed"
    context = {
        "proposal": proposal,
        "versions": versions,
        "grounds": grounds_shown(
            proposal.evidence,
            number=proposal.case.number if proposal.case else "",
            facts=versions,
            files=parsed(proposal.files_json),  # type: ignore[attr-defined]  # annotated above
        ),
        "effects": effects_shown(effect_of_suppression(versions, now=timezone.now()) if is_open else [], versions),
        "form": form,
        "is_open": is_open,
        "is_mine": proposal.proposed_by == request.user.username,
    }
    return render(request, "official/approvals/record.html", context, status=422 if form.errors else 200)


@require_POST
@for_staff(Role.APPROVER)
def ruling_end(request: StaffRequest, ruling_id: int) -> HttpResponse:
    """Let a ruling end before its day, or let it stand."""
    own_or_404(Ruling.objects.all(), pk=ruling_id)
    by, now = request.user.username, timezone.now()
    if request.POST.get("outcome") == "approve":
        return _ended(
            request,
            lambda: rulings.approve_end(ruling_id=ruling_id, by=by, now=now),
            _("The decision has ended; the code is at once what it is without it."),
        )
    return _ended(request, lambda: rulings.refuse_end(ruling_id=ruling_id, by=by, now=now), _("The decision stands."))


@require_POST
@for_staff(Role.APPROVER)
def record_end(request: StaffRequest, suppression_id: int) -> HttpResponse:
    """Let a record count again, or leave it out."""
    own_or_404(Suppression.objects.all(), pk=suppression_id)
    by, now = request.user.username, timezone.now()

    if request.POST.get("outcome") == "approve":
        return _ended(
            request,
            lambda: suppressions.approve_suppression_end(suppression_id=suppression_id, by=by, now=now),
            _("The record counts again."),
        )
    return _ended(
        request,
        lambda: suppressions.refuse_suppression_end(suppression_id=suppression_id, by=by, now=now),
        _("The record stays left out."),
    )


def _ended(request: StaffRequest, act: Callable[[], object], done: str) -> HttpResponse:
    return attempt_and_return(request, act, back=f"{reverse('official_approvals')}?kind=ends", done=done)


def _decide(request: StaffRequest, form: ApprovalForm, proposal: Suppression) -> str:
    by, now, told = request.user.username, timezone.now(), form.cleaned_data
    if not form.approves:
        suppressions.refuse_suppression(
            suppression_id=proposal.pk, reason_code=told["reason_code"], by=by, now=now, reason=told["note"]
        )
        return _("Sent back: the record counts.")
    suppressions.approve_suppression(suppression_id=proposal.pk, by=by, now=now, reason=told["note"])
    if open_run() is None:
        return _("Approved: the record no longer counts, and whom it is about has been judged again.")
    return _(
        "Approved: the record no longer counts; whom it is about is judged again once the present run has settled."
    )
