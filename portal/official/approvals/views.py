"""The second official's pages.

They show the evidence before the first official's proposal; nobody approves their own proposal.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.db.models import OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.models import Evidence, Fact, Ruling, Run, Suppression
from codes.review.proposals import rulings, suppressions
from codes.review.proposals.suppressions import effect_of_suppression
from codes.review.reasons import RefusalReason
from portal.official.approvals.inbox import KINDS, SHOWN, tabs, waiting
from portal.official.cases.detail import read_case
from portal.official.cases.forms import CHOOSE, choices_of, grounds_detail, text_field
from portal.official.cases.related import FILE, json_rows, parse_rows
from portal.official.groups.detail import effects_shown
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt_and_return, form_refusals
from regions.instants import instant_of
from regions.staff.roles import Role

T = TypeVar("T")
APPROVE, REFUSE = "approve", "refuse"


class ApprovalForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Decision"),
        widget=forms.RadioSelect,
        choices=[(APPROVE, _("Approve")), (REFUSE, _("Send back"))],
        error_messages=CHOOSE,
    )
    reason_code = forms.ChoiceField(
        label=_("Why is it sent back?"), choices=choices_of(RefusalReason), error_messages=CHOOSE
    )
    note = text_field(_("In words"), required=False)

    def full_clean(self) -> None:
        """A refusal needs a reason; an approval needs none."""
        self.fields["reason_code"].required = self.data.get("outcome") == REFUSE
        super().full_clean()
        self.fields["reason_code"].required = True

    def decide(
        self, request: StaffRequest, approve: Callable[..., T], refuse: Callable[..., object], **proposal: int
    ) -> T | None:
        """Approve or refuse the proposal. Return what was approved, or ``None`` if it was refused. Raises ``Refused``."""
        data = self.cleaned_data
        proposal_and_who: dict[str, Any] = {**proposal, "by": request.user.username, "now": timezone.now()}
        if data["outcome"] == APPROVE:
            return approve(reason=data["note"], **proposal_and_who)
        refuse(reason_code=data["reason_code"], reason=data["note"], **proposal_and_who)
        return None


@require_safe
@for_staff(Role.APPROVER)
def approvals(request: StaffRequest) -> HttpResponse:
    """Show the waiting proposals of one kind. Rulings proposed in one act share a row."""
    kind = request.GET.get("kind", KINDS[0])
    if kind not in KINDS:
        raise Http404
    now = timezone.now()
    context = {"kind": kind, "tabs": tabs(kind), "now": now, "shown": SHOWN, **waiting(kind, now=now)}
    return render(request, "official/approvals/inbox.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.APPROVER)
def ruling(request: StaffRequest, ruling_id: int) -> HttpResponse:
    """Show one proposed colour: its case, then the proposal, then the form that decides it."""
    detail = read_case(rulings__pk=ruling_id)
    proposal = next(row for row in detail.rulings if row["id"] == ruling_id)
    number, address = detail.case.number, reverse("official_approve_ruling", args=[ruling_id])
    form = ApprovalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with form_refusals(form, back=address):
            if form.decide(request, rulings.approve, rulings.refuse, ruling_id=ruling_id):
                done = gettext("%(number)s: approved and in force. The citizen sees it now.") % {"number": number}
            else:
                done = gettext("%(number)s: sent back to its reviewer.") % {"number": number}
            messages.success(request, done)
            return redirect(_next(request, proposal["proposed_at"]) if request.POST.get("go") == "next" else address)
    context = {
        "detail": detail,
        "case": detail.case,
        "acts": frozenset(),
        "proposal": proposal,
        "grounds": grounds_detail(proposal["evidence"], number=number, facts=detail.facts, files=detail.files),
        "form": form,
        "is_mine": proposal["proposed_by"] == request.user.username,
        "now": timezone.now(),
    }
    return render(request, "official/approvals/ruling.html", context, status=422 if form.errors else 200)


def _next(request: StaffRequest, after: datetime) -> str:
    """Return the address of the next proposal of another person, or of the list if there is none."""
    others = Ruling.objects.waiting().exclude(proposed_by=request.user.username).order_by("proposed_at", "pk")
    found = others.filter(proposed_at__gte=after).first() or others.first()
    return reverse("official_approve_ruling", args=[found.pk]) if found else reverse("official_approvals")


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.APPROVER)
def record(request: StaffRequest, suppression_id: int) -> HttpResponse:
    """Show one record proposed to be wrong: its content and whom it affects, then the reason, then the form that decides it."""
    files = json_rows(Evidence.objects.filter(case=OuterRef("case")), *FILE)
    proposal = get_object_or_404(
        Suppression.objects.select_related("case").annotate(files_json=files), pk=suppression_id
    )
    form = ApprovalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with form_refusals(form, back=request.path):
            approve, refuse = suppressions.approve_suppression, suppressions.refuse_suppression
            if not form.decide(request, approve, refuse, suppression_id=proposal.pk):
                done = gettext("Sent back: the record counts.")
            elif not Run.objects.open().exists():
                done = gettext("Approved: the record no longer counts, and whom it is about has been judged again.")
            else:
                done = gettext(
                    "Approved: the record no longer counts; whom it is about is judged again once the present run has settled."
                )
            messages.success(request, done)
            return redirect(f"{reverse('official_approvals')}?kind=records")
    which = {"record_id": proposal.record_id, "source_id": proposal.source_id, "provider_id": proposal.provider_id}
    versions = list(Fact.objects.filter(**which).select_related("source", "provider", "citizen").order_by("version"))
    is_open = proposal.state == "proposed"
    context = {
        "proposal": proposal,
        "versions": versions,
        "grounds": grounds_detail(
            proposal.evidence,
            number=proposal.case.number if proposal.case else "",
            facts=versions,
            files=parse_rows(proposal.files_json),  # type: ignore[attr-defined]  # annotated above
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
    """Decide a proposal to end a ruling before its day."""
    get_object_or_404(Ruling, pk=ruling_id)
    ended = gettext("The decision has ended; the code is at once what it is without it.")
    return _decide_end(
        request,
        {
            APPROVE: (partial(rulings.approve_end, ruling_id=ruling_id), ended),
            REFUSE: (partial(Ruling.refuse_end, pk=ruling_id), gettext("The decision stands.")),
        },
    )


@require_POST
@for_staff(Role.APPROVER)
def record_end(request: StaffRequest, suppression_id: int) -> HttpResponse:
    """Decide a proposal to end a suppression, which makes the record count again."""
    get_object_or_404(Suppression, pk=suppression_id)
    approve_end = partial(suppressions.approve_suppression_end, suppression_id=suppression_id)
    return _decide_end(
        request,
        {
            APPROVE: (approve_end, gettext("The record counts again.")),
            REFUSE: (partial(Suppression.refuse_end, pk=suppression_id), gettext("The record stays left out.")),
        },
    )


def _decide_end(request: StaffRequest, acts: Mapping[str, tuple[Callable[..., object], str]]) -> HttpResponse:
    """Do the act of the pressed button to the proposal that the page showed. Each act has the message of its success."""
    back = f"{reverse('official_approvals')}?kind=ends"
    proposed_at = instant_of(request.POST.get("proposed_at"))
    if proposed_at and (chosen := acts.get(request.POST.get("outcome", ""))):
        act, done = chosen
        return attempt_and_return(request, act, proposed_at=proposed_at, back=back, done=done)
    return redirect(back)
