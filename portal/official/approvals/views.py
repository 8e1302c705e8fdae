"""What waits for a second official. Whoever decides sees what it rests on before the first opinion, and is never who proposed."""

from collections import Counter
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Min, QuerySet, Value
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from codes.models import RuleSetDraft, Ruling, Suppression
from codes.review.proposals import rulings
from codes.review.proposals.bulk_suppressions import mendings_to_decide
from codes.review.proposals.ruling_policy import LONGEST_TEXT
from codes.review.reasons import RefusalReason
from portal.official.approvals.inbox import held_batches, settings_waiting
from portal.official.cases.detail import read_sheet
from portal.official.cases.forms import CHOOSE, grounds_shown, worded
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import refusals
from regions.sources.models import SourceChange
from regions.staff.roles import Role

APPROVE, REFUSE = "approve", "refuse"


class ApprovalForm(forms.Form):
    """Two outcomes; a refusal says why."""

    outcome = forms.ChoiceField(
        label=_("Decision"),
        widget=forms.RadioSelect,
        choices=[(APPROVE, _("Approve")), (REFUSE, _("Send back"))],
        error_messages=CHOOSE,
    )
    reason_code = forms.ChoiceField(label=_("Why is it sent back?"), error_messages=CHOOSE)
    note = forms.CharField(
        label=_("In words"), widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_TEXT, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason_code"].choices = worded(RefusalReason)  # type: ignore[attr-defined]  # a choice field

    @property
    def approves(self) -> bool:
        """Whether the proposal comes into force."""
        return bool(self.cleaned_data["outcome"] == APPROVE)

    def full_clean(self) -> None:
        """Nobody is sent back without a reason; an approval needs none."""
        self.fields["reason_code"].required = self.data.get("outcome") == REFUSE
        super().full_clean()
        self.fields["reason_code"].required = True


SHOWN = 50
KINDS = ("rulings", "records", "ends", "settings")


@require_safe
@for_staff(Role.APPROVER)
def approvals(request: StaffRequest) -> HttpResponse:
    """The waiting proposals of one kind, the oldest first; what was proposed together stands in one line."""
    kind = request.GET.get("kind", KINDS[0])
    if kind not in KINDS:
        raise Http404
    context: dict[str, Any] = {"kind": kind, "tabs": _tabs(kind), "now": timezone.now(), "shown": SHOWN}
    if kind == "rulings":
        context["groups"] = waiting_rulings()
    elif kind == "records":
        waiting = Suppression.objects.waiting().filter(mending=None).select_related("case", "source", "provider")
        context["mendings"] = list(mendings_to_decide()[:SHOWN])
        context["records"] = list(waiting.order_by("proposed_at", "pk")[:SHOWN])
    elif kind == "settings":
        context["settings"] = settings_waiting()
    else:
        context["ruling_ends"] = list(Ruling.objects.ending().select_related("case", "citizen")[:SHOWN])
        context["record_ends"] = list(Suppression.objects.ending().select_related("case")[:SHOWN])
    return render(request, "official/approvals/inbox.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.APPROVER)
def ruling(request: StaffRequest, ruling_id: int) -> HttpResponse:
    """One proposed colour: its case first, then what was proposed, then the answer."""
    sheet = read_sheet(rulings__pk=ruling_id)
    proposal = next(row for row in sheet.rulings if row["id"] == ruling_id)
    address = reverse("official_approve_ruling", args=[ruling_id])
    form = ApprovalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals(form, back=address):
            messages.success(request, _decide(request, form, ruling_id, sheet.case.number))
            return redirect(_next(request, proposal["proposed_at"]) if request.POST.get("go") == "next" else address)
    context = {
        "sheet": sheet,
        "case": sheet.case,
        "acts": frozenset(),
        "proposal": proposal,
        "grounds": grounds_shown(proposal["evidence"], number=sheet.case.number, facts=sheet.facts, files=sheet.files),
        "form": form,
        "is_mine": proposal["proposed_by"] == request.user.username,
        "now": timezone.now(),
    }
    return render(request, "official/approvals/ruling.html", context, status=422 if form.errors else 200)


def waiting_rulings() -> list[dict[str, Any]]:
    """What waits, one line for each act of proposing: one case, or many of one cause. What was proposed is not told here."""
    waiting = Ruling.objects.waiting()
    told = waiting.values("proposed_by", "proposed_at").annotate(
        people=Count("pk"),
        first=Min("pk"),
        number=Min("case__number"),
        kind=Min("case__kind"),
        due_at=Min("case__due_at"),
        full_name=Min("citizen__full_name"),
        ref=Min("citizen__ref"),
    )
    return [dict(one) for one in told.order_by("proposed_at", "first")[:SHOWN]]


def _decide(request: StaffRequest, form: ApprovalForm, ruling_id: int, number: str) -> str:
    by, now, told = request.user.username, timezone.now(), form.cleaned_data
    if form.approves:
        rulings.approve(ruling_id=ruling_id, by=by, now=now, reason=told["note"])
        return gettext("%(number)s: approved and in force. The citizen sees it now.") % {"number": number}
    rulings.refuse(ruling_id=ruling_id, reason_code=told["reason_code"], by=by, now=now, reason=told["note"])
    return gettext("%(number)s: sent back to its reviewer.") % {"number": number}


def _next(request: StaffRequest, after: datetime) -> str:
    """The next proposal of somebody else, the list when there is none."""
    waiting = Ruling.objects.waiting().exclude(proposed_by=request.user.username)
    later = waiting.filter(proposed_at__gte=after).order_by("proposed_at", "pk").values_list("pk", flat=True).first()
    found = later or waiting.order_by("proposed_at", "pk").values_list("pk", flat=True).first()
    return reverse("official_approve_ruling", args=[found]) if found else reverse("official_approvals")


def _tabs(kind: str) -> list[tuple[str, str, bool]]:
    titles = {
        "rulings": gettext("Colours"),
        "records": gettext("Wrong records"),
        "ends": gettext("Early ends"),
        "settings": gettext("Sources and rules"),
    }
    waiting = _numbers()
    told = {one: f"{titles[one]} · {waiting[one]}" if waiting[one] else titles[one] for one in KINDS}
    return [(told[one], f"?kind={one}", one == kind) for one in KINDS]


def _numbers() -> Counter[str]:
    """How many of each kind wait: an approver must not take an empty first tab for an empty desk. One question."""
    waiting: list[tuple[str, QuerySet[Any]]] = [
        ("rulings", Ruling.objects.waiting()),
        ("records", Suppression.objects.waiting().filter(mending=None)),
        ("records", mendings_to_decide()),
        ("ends", Ruling.objects.ending()),
        ("ends", Suppression.objects.ending()),
        *(
            ("settings", rows)
            for rows in (held_batches(), SourceChange.objects.waiting(), RuleSetDraft.objects.waiting())
        ),
    ]
    first, *others = [
        rows.order_by().select_related(None).values(kind=Value(kind)).annotate(number=Count("pk"))
        for kind, rows in waiting
    ]
    counted: Counter[str] = Counter()
    for row in first.union(*others, all=True):
        counted[row["kind"]] += row["number"]
    return counted
