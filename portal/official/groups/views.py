"""Groups of cases with one root cause, and bulk suppression of a group's records by two people."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_list_or_404, get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from codes.models import BulkSuppression, Citizen
from codes.review.cases.queue import CaseFilter, groups_of
from codes.review.proposals import bulk_suppressions as verbs
from codes.review.reasons import SuppressionReason
from portal.official.approvals.together import TakeOutForm
from portal.official.approvals.views import ApprovalForm
from portal.official.cases.forms import CHOOSE, GroupGroundsForm, choices_of
from portal.official.groups.detail import PEOPLE_SHOWN, explain_groups, people_shown, read_group
from portal.official.queue.filters import plain
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt_and_return, form_refusals
from portal.web.keyset import query_without_place
from regions.staff.roles import CASE_WORK, Role

# Form prefix. The page has a second form with the field ``reason_code``.
TAKEN = "taken"
READERS = (Role.REVIEWER, Role.APPROVER, Role.SOURCE_MANAGER, Role.RULE_MANAGER)


class BulkSuppressionForm(GroupGroundsForm):
    reason_code = forms.ChoiceField(
        label=gettext_lazy("What is wrong with them?"), choices=choices_of(SuppressionReason), error_messages=CHOOSE
    )
    field_order = ("reason_code", "document", "note")


@require_GET
@for_staff(*CASE_WORK)
def groups(request: StaffRequest) -> HttpResponse:
    """List the groups of open cases, the largest first, each with the cause explained for one of its cases."""
    now = timezone.now()
    found = groups_of(CaseFilter(), now=now, size=10)
    causes = explain_groups([group.key for group in found])
    listed = [(group, *causes.get(group.key, ("", None))) for group in found]
    return render(request, "official/groups/groups.html", {"groups": listed})


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(*READERS)
def group(request: StaffRequest, key: str) -> HttpResponse:
    """Show the group with a form that proposes that all its records are wrong."""
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
                "Proposed for %(n)s record. A second official decides; until then it counts.",
                "Proposed for %(n)s records. A second official decides; until then they count.",
                proposed.records,
            )
            messages.success(request, done % {"n": localize(proposed.records)})
            return redirect(group_address(key))
    return _show(request, key, _proposals().filter(group_key=key), form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.APPROVER)
def decide(request: StaffRequest, bulk_suppression_id: int) -> HttpResponse:
    """Show the group at the address of the proposal, with the form that decides it."""
    this = BulkSuppression.objects.filter(pk=bulk_suppression_id)
    proposals = get_list_or_404(_proposals().filter(group_key__in=this.values("group_key")))
    key, form = proposals[0].group_key, ApprovalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with form_refusals(form, back=group_address(key)):
            messages.success(request, _decide(request, form, bulk_suppression_id))
            return redirect(group_address(key))
    return _show(request, key, proposals, answer=form)


@require_POST
@for_staff(Role.APPROVER)
def take_out(request: StaffRequest, bulk_suppression_id: int) -> HttpResponse:
    """Take the records of the ticked people out of the proposal. The proposal for the others stays open."""
    proposal = get_object_or_404(BulkSuppression, pk=bulk_suppression_id)
    key = proposal.group_key
    back = group_address(key)
    form = TakeOutForm(request.POST, prefix=TAKEN)
    ticked = Citizen.objects.filter(ref__in=[plain(ref) for ref in request.POST.getlist("out")[:PEOPLE_SHOWN]])
    if not ticked:
        form.add_error(None, _("Tick at least one person first."))
    if form.is_valid():
        with form_refusals(form, back=back):
            count = verbs.take_out_of_bulk_suppression(
                bulk_suppression_id=proposal.pk,
                citizens=set(ticked.values_list("pk", flat=True)),
                reason_code=form.cleaned_data["reason_code"],
                reason=form.cleaned_data["note"],
                by=request.user.username,
                now=timezone.now(),
            )
            done = ngettext(
                "%(n)s person taken out: the record counts.", "%(n)s people taken out: their records count.", count
            )
            messages.success(request, done % {"n": localize(count)})
            return redirect(back)
    return _show(request, key, _proposals().filter(group_key=key), out=form)


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


def _proposals() -> QuerySet[BulkSuppression]:
    """Return all bulk suppressions with what the page shows of them, the newest first."""
    return BulkSuppression.objects.select_related("run", "source").order_by("-pk")


def _decide(request: StaffRequest, form: ApprovalForm, bulk_suppression_id: int) -> str:
    approved = form.decide(
        request,
        verbs.approve_bulk_suppression,
        verbs.refuse_bulk_suppression,
        bulk_suppression_id=bulk_suppression_id,
    )
    if approved is None:
        return _("Sent back: the records count.")
    run = approved.run
    if run is None:
        return _("Approved. A run is under way; as soon as it settles the records no longer count.")
    closed = int(run.counts["cases"]["converged"])
    done = ngettext(
        "Approved: the records no longer count, and %(n)s case has closed by itself.",
        "Approved: the records no longer count, and %(n)s cases have closed by themselves.",
        closed,
    )
    return done % {"n": localize(closed)}


def _show(
    request: StaffRequest,
    key: str,
    proposals: Iterable[BulkSuppression],
    *,
    form: BulkSuppressionForm | None = None,
    answer: ApprovalForm | None = None,
    out: TakeOutForm | None = None,
) -> HttpResponse:
    now = timezone.now()
    detail = read_group(key, list(proposals), now=now)
    asked = form if form is not None else BulkSuppressionForm()
    answered = answer if answer is not None else ApprovalForm()
    taken_out = out if out is not None else TakeOutForm(prefix=TAKEN)
    roles = request.roles
    context: dict[str, Any] = {
        "detail": detail,
        "now": now,
        "form": asked,
        "answer": answered,
        "out": taken_out,
        "ticked": request.POST.getlist("out"),
        "is_mine": detail["waiting"] is not None and detail["waiting"].proposed_by == request.user.username,
        "may_propose": Role.REVIEWER in roles,
        "may_decide": Role.APPROVER in roles,
        "may_collect": bool(roles & {Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN}),
        "may_see_cases": bool(roles & {Role.REVIEWER, Role.APPROVER}),
    }
    if detail["waiting"]:
        context |= {"query": query_without_place(request.GET), **people_shown(detail, request.GET, now=now)}
    wrong = asked.errors or answered.errors or taken_out.errors
    return render(request, "official/groups/group.html", context, status=422 if wrong else 200)
