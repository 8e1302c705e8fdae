"""Held mass changes: the list, and the page of each group with the people who would change, the proposal and its answer."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.models import Citizen, HeldGroup, HeldGroupProposal, Provider, Run, VerdictChange
from codes.review.proposals import held_groups as verbs
from codes.runs.ledger import start_run
from codes.tasks import enqueue_run
from portal.official.cases.forms import text_field
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt, attempt_and_return, form_refusals
from portal.web.keyset import Page, keyset_page
from regions.staff.roles import Role
from regions.tenancy import current_city

READERS = (Role.REVIEWER, Role.APPROVER, Role.SOURCE_MANAGER, Role.RULE_MANAGER, Role.AUDITOR)


class ProposalForm(forms.Form):
    act = forms.ChoiceField(
        label=gettext_lazy("What is to be done?"), widget=forms.RadioSelect, choices=HeldGroupProposal.Act.choices
    )
    note = text_field(gettext_lazy("Why"))


@require_safe
@for_staff(*READERS)
def held_groups(request: StaffRequest) -> HttpResponse:
    """Show the waiting groups, the oldest first, and below them the decided ones with their outcome."""
    ended = HeldGroup.objects.described().exclude(state=HeldGroup.State.HELD)
    now = timezone.now()
    context = {
        "waiting": [
            _group_shown(group, overdue=group.is_overdue(now)) for group in HeldGroup.objects.waiting().described()
        ],
        "page": (page := keyset_page(ended, request.GET, by=["-id"])),
        "ended": [_group_shown(group) for group in page.rows],
    }
    return render(request, "official/held_groups/held_groups.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(*READERS)
def held_group(request: StaffRequest, group_id: int) -> HttpResponse:
    """Show the group with a form that proposes to release or to refuse it."""
    group = get_object_or_404(HeldGroup.objects.described(), pk=group_id)
    form = ProposalForm(request.POST or None)
    back = _address(group)
    if request.method == "POST" and form.is_valid():
        with form_refusals(form, back=back):
            data = form.cleaned_data
            by, now = request.user.username, timezone.now()
            verbs.propose(group.pk, act=data["act"], reason=data["note"], by=by, now=now)
            messages.success(
                request, _("Proposed. A second official decides; until then everybody keeps their colour.")
            )
            return redirect(back)
    return _show(request, group, form)


@require_POST
@for_staff(Role.REVIEWER, Role.APPROVER)
def decide(request: StaffRequest, group_id: int, proposal_id: int) -> HttpResponse:
    """Approve or send back the proposal as the second person, or withdraw it as the person who proposed it."""
    proposal = get_object_or_404(HeldGroupProposal, pk=proposal_id, group=group_id)
    back = _address(proposal.group)
    verb, reason = request.POST.get("verb"), request.POST.get("reason", "")
    if verb == "withdraw":
        return attempt_and_return(
            request, verbs.withdraw, proposal.pk, back=back, done=_("The proposal is taken back.")
        )
    if verb == "send_back":
        done = _("Sent back; the group stays held until something else is proposed and approved.")
        return attempt_and_return(request, verbs.send_back, proposal.pk, reason=reason, back=back, done=done)
    decided = attempt(request, verbs.approve, proposal.pk, reason=reason, back=back) if verb == "approve" else None
    if decided is not None:
        messages.success(request, _decided(request, decided))
    return redirect(back)


def _decided(request: StaffRequest, group: HeldGroup) -> str:
    if group.state == HeldGroup.State.RELEASED:
        return _("Released: the changes count now.")
    if group.version is None:
        return _("Refused: what brought it is out of force, and nobody changes by it.")
    run, _opened = start_run(by=request.user.username, now=timezone.now())
    enqueue_run(current_city().schema_name, run.pk)
    return _("Refused: the version is withdrawn. A run has begun that judges everybody by the rules without it.")


def _show(request: StaffRequest, group: HeldGroup, form: ProposalForm) -> HttpResponse:
    now = timezone.now()
    proposals = list(group.proposals.order_by("-pk"))
    waiting = next((one for one in proposals if one.state == "proposed"), None)
    is_mine = waiting is not None and waiting.proposed_by == request.user.username
    is_held = group.state == HeldGroup.State.HELD
    context: dict[str, Any] = {
        "group": group,
        **_group_shown(group, overdue=group.is_overdue(now)),
        "is_held": is_held,
        "people": _people(request, group) if is_held else None,
        "waiting": waiting,
        "earlier": [one for one in proposals if one is not waiting],
        "form": form,
        "may_propose": is_held and waiting is None and bool(request.roles & set(HeldGroupProposal.PROPOSERS)),
        "may_decide": waiting is not None and not is_mine and Role.APPROVER in request.roles,
        "may_withdraw": is_mine,
    }
    status = 422 if form.errors else 200
    return render(request, "official/held_groups/held_group.html", context, status=status)


@dataclass(frozen=True)
class People:
    """A page of the people whose changes a group holds back after the last settled run.

    ``rows``: each person with their change for each of ``providers``, and ``None`` where they do not change.
    """

    page: Page[Citizen]
    providers: list[Provider]
    rows: list[tuple[Citizen, list[tuple[VerdictChange, list[str]] | None]]]


def _people(request: StaffRequest, group: HeldGroup) -> People | None:
    base = Run.objects.last_settled()
    if base is None:
        return None
    changes = group.changes_after(base)
    page = keyset_page(Citizen.objects.filter(pk__in=changes.values("citizen")), request.GET, by=["id"])
    shown = list(changes.filter(citizen__in=page.rows).select_related("provider"))
    providers = sorted({one.provider for one in shown}, key=lambda provider: provider.code)
    of_person = {(one.citizen_id, one.provider_id): (one, _rules(one)) for one in shown}
    rows = [(person, [of_person.get((person.pk, provider.pk)) for provider in providers]) for person in page.rows]
    return People(page, providers, rows)


def _rules(change: VerdictChange) -> list[str]:
    return list(dict.fromkeys(str(hit["rule"]) for hit in change.hits))


def _group_shown(group: HeldGroup, *, overdue: bool = False) -> dict[str, Any]:
    """Return the group, its cause as a sentence, and its share of the registered in percent."""
    share = 100 * max(group.red, group.green) / max(group.registered, 1)
    return {"group": group, "cause": group.message_in(get_language() or "en"), "share": share, "overdue": overdue}


def _address(group: HeldGroup) -> str:
    return reverse("official_held_group", args=[group.pk])
