"""Groups of cases with one cause, and suppressing all records of a group by two people."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from codes.models import BulkSuppression
from codes.review.cases.queue import CaseFilter, groups_of
from codes.review.proposals import bulk_suppressions as verbs
from codes.review.reasons import SuppressionReason
from portal.official.approvals.views import ApprovalForm
from portal.official.cases.forms import CHOOSE, GroupGroundsForm, choices_of
from portal.official.groups.detail import explain_groups, read_group
from portal.official.queue.filters import plain
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt_and_return, form_refusals
from regions.staff.roles import CASE_WORK, Role

READERS = (Role.REVIEWER, Role.APPROVER, Role.SOURCE_MANAGER, Role.RULE_MANAGER)


class BulkSuppressionForm(GroupGroundsForm):
    reason_code = forms.ChoiceField(
        label=gettext_lazy("What is wrong with them?"), choices=choices_of(SuppressionReason), error_messages=CHOOSE
    )
    field_order = ("reason_code", "document", "note")


@require_GET
@for_staff(*CASE_WORK)
def groups(request: StaffRequest) -> HttpResponse:
    """Open cases by common cause, the largest group first, each with the cause of one of its cases."""
    now = timezone.now()
    found = groups_of(CaseFilter(), now=now, size=10)
    causes = explain_groups([group.key for group in found])
    listed = [(group, *causes.get(group.key, ("", None))) for group in found]
    return render(request, "official/groups/groups.html", {"groups": listed})


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(*READERS)
def group(request: StaffRequest, key: str) -> HttpResponse:
    """The group's page; its form proposes that all its records are wrong."""
    key = plain(key)
    form = BulkSuppressionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with form_refusals(form, back=group_address(key)):
            proposed = verbs.propose_bulk_suppression(
                key=key,
                reason_code=form.cleaned_data["reason_code"],
                documents=form.references(),
                reason=form.cleaned_data["note"],
                by=request.user.username,
                now=timezone.now(),
            )
            done = ngettext(
                "Proposed for %(n)d record. A second official decides; until then it counts.",
                "Proposed for %(n)d records. A second official decides; until then they count.",
                proposed.records,
            )
            messages.success(request, done % {"n": proposed.records})
            return redirect(group_address(key))
    return _show(request, key, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.APPROVER)
def decide(request: StaffRequest, bulk_suppression_id: int) -> HttpResponse:
    proposal = get_object_or_404(BulkSuppression, pk=bulk_suppression_id)
    form = ApprovalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with form_refusals(form, back=group_address(proposal.group_key)):
            messages.success(request, _decide(request, form, proposal))
            return redirect(group_address(proposal.group_key))
    return _show(request, proposal.group_key, answer=form)


@require_POST
@for_staff(Role.REVIEWER)
def take_back(request: StaffRequest, bulk_suppression_id: int) -> HttpResponse:
    proposal = get_object_or_404(BulkSuppression, pk=bulk_suppression_id)
    back, done = group_address(proposal.group_key), _("The proposal is taken back; the records count.")
    return attempt_and_return(
        request, verbs.withdraw_bulk_suppression, bulk_suppression_id=bulk_suppression_id, back=back, done=done
    )


def group_address(key: str) -> str:
    return reverse("official_group", args=[key])


def _decide(request: StaffRequest, form: ApprovalForm, proposal: BulkSuppression) -> str:
    approved = form.decide(
        request, verbs.approve_bulk_suppression, verbs.refuse_bulk_suppression, bulk_suppression_id=proposal.pk
    )
    if approved is None:
        return _("Sent back: the records count.")
    run = approved.run
    if run is None:
        return _("Approved. A run is under way; as soon as it settles the records no longer count.")
    closed = int(run.counts["cases"]["converged"])
    done = ngettext(
        "Approved: the records no longer count, and %(n)d case has closed by itself.",
        "Approved: the records no longer count, and %(n)d cases have closed by themselves.",
        closed,
    )
    return done % {"n": closed}


def _show(
    request: StaffRequest, key: str, *, form: BulkSuppressionForm | None = None, answer: ApprovalForm | None = None
) -> HttpResponse:
    now = timezone.now()
    detail = read_group(key, now=now)
    asked = form if form is not None else BulkSuppressionForm()
    answered = answer if answer is not None else ApprovalForm()
    roles = request.roles
    context = {
        "detail": detail,
        "now": now,
        "form": asked,
        "answer": answered,
        "is_mine": detail["waiting"] is not None and detail["waiting"].proposed_by == request.user.username,
        "may_propose": Role.REVIEWER in roles,
        "may_decide": Role.APPROVER in roles,
        "may_collect": bool(roles & {Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN}),
        "may_see_cases": bool(roles & {Role.REVIEWER, Role.APPROVER}),
    }
    wrong = asked.errors or answered.errors
    return render(request, "official/groups/group.html", context, status=422 if wrong else 200)
