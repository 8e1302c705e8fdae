"""A draft of a rule-set version: its content, its faults, its rehearsal, and its approval by two people."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.models import DraftRehearsal, Provider, RuleSetDraft
from codes.rule_sets import drafts, rehearsal_jobs
from codes.rule_sets.drafts import content_faults, content_of, followed_by
from codes.rule_sets.version_file import version_warnings
from portal.official.rule_sets.forms import number
from portal.official.rule_sets.presenters import areas_gone, areas_shown, faults_shown, gone, rules_shown
from portal.official.rule_sets.views import READERS, RULE_WORK
from portal.official.sources.presenters import held_words, mass_change_words
from portal.official.tasks import enqueue_rehearsal
from portal.templatetags.page import titled
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt
from regions.actors import is_operator
from regions.numbers import number_of
from regions.staff.roles import Role
from regions.tenancy import current_city


def tally_shown(tally: dict[str, Any]) -> dict[str, Any]:
    """Return the counts of a rehearsal with titles instead of provider codes.

    ``colours``: (provider, from, to, people).

    ``held`` and ``mass_changes`` are sentences. They are empty for a rehearsal from before these counts existed.
    """
    names = {one.code: titled(one) for one in Provider.objects.all()}
    return {
        **tally,
        "colours": [(names.get(code, code), before, after, people) for code, before, after, people in tally["colours"]],
        "providers": [names.get(code, code) for code in tally["providers"]],
        "held": list(held_words(tally.get("held_colours", []), names)),
        "effective": tally.get("effective"),
        "would_be_held": bool(tally.get("mass_changes")),
        "mass_changes": mass_change_words(tally["mass_changes"]) if "mass_changes" in tally else [],
    }


State = RuleSetDraft.State


@require_safe
@for_staff(*READERS)
def draft_page(request: StaffRequest, draft_id: int) -> HttpResponse:
    """Show the draft.

    Requests by htmx get only the rehearsal's part while it is under way, and the actions as well once it has ended.
    """
    draft = find_draft(draft_id)
    rehearsal = draft.rehearsals.filter(revision=draft.revision).order_by("-pk").first()
    context: dict[str, Any] = {
        "draft": draft,
        "rehearsal": rehearsal,
        "tally": tally_shown(rehearsal.tally) if rehearsal and rehearsal.tally else None,
        "may_rehearse": draft.state == State.EDITING and Role.RULE_MANAGER in request.roles,
    }
    asks_again = bool(request.htmx)
    if asks_again and rehearsal and rehearsal.is_open:
        return render(request, "official/rule_sets/rehearsal.html", context)
    context |= _draft_context(request, draft, rehearsal)
    if asks_again:
        return render(request, "official/rule_sets/rehearsed.html", context | {"is_swapped_in": True})
    return render(request, "official/rule_sets/draft.html", context)


@require_POST
@for_staff(Role.RULE_MANAGER)
def save_head(request: StaffRequest, draft_id: int) -> HttpResponse:
    draft = find_draft(draft_id)
    content = {
        **draft.content,
        "version": number(request.POST.get("version", "")),
        "effective_from": request.POST.get("effective_from", "").strip(),
    }
    keep(request, draft, content)
    return redirect("official_draft", draft_id=draft_id)


@require_POST
@for_staff(Role.RULE_MANAGER)
def rehearse(request: StaffRequest, draft_id: int) -> HttpResponse:
    """Enqueue a rehearsal of the draft for the whole city.

    Calling it again for an open rehearsal enqueues the task again, in case it was lost.
    """
    back = reverse("official_draft", args=[draft_id])
    job = attempt(request, rehearsal_jobs.ask, find_draft(draft_id).pk, back=back)
    if job is not None and job.is_open and not enqueue_rehearsal(current_city().schema_name, job.pk):
        messages.error(request, _("No worker can be reached, so nothing is rehearsed. Tell the operator."))
    return redirect(f"{back}#rehearsal")


@require_safe
@for_staff(*READERS)
def rehearsal_list(request: StaffRequest, draft_id: int, rehearsal_id: int) -> FileResponse:  # noqa: ARG001
    """Return the file of the citizens who would change colour, with their data masked."""
    done = DraftRehearsal.objects.filter(draft=draft_id, state=DraftRehearsal.State.DONE)
    job = get_object_or_404(done.select_related("draft__rule_set"), pk=rehearsal_id)
    path = rehearsal_jobs.list_of(job)
    if not path.is_file():
        raise Http404
    name = f"{job.draft.rule_set.code}-{draft_id}-{job.revision}.csv"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


@require_POST
@for_staff(*RULE_WORK)
def decide(request: StaffRequest, draft_id: int) -> HttpResponse:
    draft, back = find_draft(draft_id), reverse("official_draft", args=[draft_id])
    reason = request.POST.get("reason", "")
    acts: dict[str, Callable[..., RuleSetDraft]] = {
        "propose": partial(drafts.propose, draft.pk, revision=sent_revision(request), reason=reason),
        "approve": partial(drafts.put_in_force, draft.pk, revision=sent_revision(request)),
        "refuse": partial(drafts.refuse, draft.pk, revision=sent_revision(request), reason=reason),
        "take_back": partial(drafts.take_back, draft.pk),
        "again": partial(drafts.begin_with, draft.rule_set_id, draft.content),
        "drop": partial(drafts.drop, draft.pk),
    }
    act = acts.get(request.POST.get("verb", ""))
    done = attempt(request, act, back=back) if act else None
    if done is None:
        return redirect(back)
    if done.state == State.PUBLISHED:
        messages.success(request, _("Put in force. People are judged by it from its first day on."))
    elif done.state == State.PROPOSED:
        messages.success(request, _("Proposed. An approver who did not write it decides."))
    return redirect("official_draft", draft_id=done.pk)


def find_draft(draft_id: int) -> RuleSetDraft:
    return get_object_or_404(RuleSetDraft.objects.select_related("rule_set", "version"), pk=draft_id)


def sent_revision(request: StaffRequest) -> int:
    """Return the revision that the page showed, or 0 if none was sent."""
    return number_of(request.POST.get("revision", ""), digits=8) or 0


def keep(request: StaffRequest, draft: RuleSetDraft, content: dict[str, Any]) -> bool:
    """Save the draft and return whether that succeeded. If it did not, the next page says why."""
    back = reverse("official_draft", args=[draft.pk])
    return attempt(request, drafts.save, draft.pk, content, revision=sent_revision(request), back=back) is not None


def _draft_context(request: StaffRequest, draft: RuleSetDraft, rehearsal: DraftRehearsal | None) -> dict[str, Any]:
    today, username = timezone.localdate(), request.user.username
    is_editing, is_proposed = draft.state == State.EDITING, draft.state == State.PROPOSED
    is_open = is_editing or is_proposed
    version, found = content_faults(draft.content, code=draft.rule_set.code, today=today) if is_open else (None, [])
    faults = faults_shown(found)
    follows = followed_by(draft.content, rule_set=draft.rule_set)
    before = content_of(follows) if follows and is_open else None
    writes = Role.RULE_MANAGER in request.roles
    concerned = {draft.proposed_by, draft.edited_by}
    return {
        "faults": faults,
        "warnings": faults_shown(version_warnings(version)) if version else [],
        "follows": follows,
        "rules": rules_shown(draft.content, faults=faults, before=before),
        "areas": areas_shown(draft.content, faults=faults, before=before),
        "gone": gone(draft.content, before) if before else [],
        "areas_gone": areas_gone(draft.content, before) if before else [],
        "may_edit": is_editing and writes,
        "may_propose": is_editing and writes and not faults and _is_conclusive(rehearsal),
        "may_decide": is_proposed and Role.APPROVER in request.roles and username not in concerned,
        "may_take_back": is_proposed and writes and draft.proposed_by == username,
        "may_begin_again": not is_open and writes and draft.state != State.PUBLISHED,
        "is_proposed": is_proposed,
        "from_province": is_editing and is_operator(draft.created_by) and draft.reason,
    }


def _is_conclusive(rehearsal: DraftRehearsal | None) -> bool:
    return rehearsal is not None and rehearsal.state in DraftRehearsal.CONCLUSIVE
