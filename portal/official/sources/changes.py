"""Changing a source: the form, the effect of the change, and its approval by two people."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.source_effect import effect_of
from portal.official.cases.detail import submitted_rows
from portal.official.sources.forms import KindSet, SettingsForm, kinds_of
from portal.official.sources.presenters import effect_words, place_words, setting_rows
from portal.official.sources.views import DECIDERS, READERS
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt, form_refusals
from regions.sources import changes
from regions.sources.changes import OF_PROVIDERS, changed, differing, encrypt_credential, settings_faults
from regions.sources.collect import try_source
from regions.sources.connectors.delivery import SourceFault
from regions.sources.models import Source, SourceChange
from regions.staff.roles import Role
from regions.tenancy import current_city

KINDS = "kinds"
# Settings that change where a source is read or as whom. Such a change is tried before it is proposed.
PLACE = {"base_url", "app_id", "records_view", "clock_view", "page_size"}


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SOURCE_MANAGER)
def change_form(request: StaffRequest, code: str) -> HttpResponse:
    source = get_object_or_404(Source, code=code)
    if request.method != "POST":
        return _form_page(request, source, SettingsForm(source=source), KindSet(prefix=KINDS, initial=kinds_of(source)))
    if "more" in request.POST:
        typed = submitted_rows(request.POST, KINDS, ("word", "kind"))
        form = SettingsForm(source=source, typed=request.POST.dict())
        return _form_page(request, source, form, KindSet(prefix=KINDS, initial=typed))
    form = SettingsForm(request.POST, source=source)
    rows = KindSet(request.POST, prefix=KINDS, initial=kinds_of(source))
    if all([form.is_valid(), rows.is_valid()]):
        change = _propose(request, source, form, rows.kinds)  # type: ignore[attr-defined]
        if change is not None:
            messages.success(request, _("Proposed. An approver decides; until then nothing changes."))
            return redirect("official_source_change", change_id=change.pk)
    return _form_page(request, source, form, rows)


def _form_page(request: StaffRequest, source: Source, form: SettingsForm, rows: Any) -> HttpResponse:
    return render(request, "official/sources/change_form.html", {"source": source, "form": form, "rows": rows})


@require_safe
@for_staff(*READERS)
def change_page(request: StaffRequest, change_id: int) -> HttpResponse:
    change = get_object_or_404(SourceChange.objects.select_related("source"), pk=change_id)
    is_open = change.state == SourceChange.State.PROPOSED
    is_mine = change.proposed_by == request.user.username
    context = {
        "change": change,
        "rows": setting_rows(change),
        "effects": [*place_words(change), *effect_words(change.effect)],
        "may_decide": is_open and not is_mine and Role.APPROVER in request.roles,
        "may_withdraw": is_open and is_mine and Role.SOURCE_MANAGER in request.roles,
        "is_open": is_open,
    }
    return render(request, "official/sources/change.html", context)


@require_POST
@for_staff(*DECIDERS)
def decide_change(request: StaffRequest, change_id: int) -> HttpResponse:
    change = get_object_or_404(SourceChange, pk=change_id)
    back = reverse("official_source_change", args=[change.pk])
    acts: dict[str, Callable[..., SourceChange]] = {
        "approve": changes.put_in_force,
        "refuse": partial(changes.refuse, reason=request.POST.get("reason", "")),
        "withdraw": changes.withdraw,
    }
    act = acts.get(request.POST.get("verb", ""))
    done = attempt(request, act, change.pk, back=back) if act else None
    if done is not None and done.state == SourceChange.State.IN_FORCE:
        messages.success(request, _("In force. Records in quarantine can be tried again now."))
    return redirect(back)


def _propose(request: StaffRequest, source: Source, form: SettingsForm, kinds: dict[str, str]) -> SourceChange | None:
    """Return the proposal, or ``None`` if the form has faults, which are then added to its fields."""
    values, credential, now = {**form.values, "kinds": kinds}, form.new_credential, timezone.now()
    faults = settings_faults(source, values, credential)
    for fault in faults:
        name = "credential" if fault.key in ("url", "secret") else fault.key
        form.add_error(name if name in form.fields else None, fault.message_in(get_language()))
    if faults:
        return None
    with form_refusals(form, back=request.path):
        return changes.propose(
            source_id=source.pk,
            values=values,
            credential=credential,
            effect=_effect(source, values, credential, now=now),
            reason=form.cleaned_data["reason"],
            by=request.user.username,
            now=now,
        )
    return None  # type: ignore[unreachable]  # a refusal is the form's


def _effect(source: Source, values: dict[str, Any], credential: str | None, *, now: datetime) -> dict[str, Any]:
    """Return the effect of the change. A new address is tried, which must not happen inside a transaction."""
    new = differing(source, values)
    candidate = changed(source, new, encrypt_credential(credential))
    effect = effect_of(source, candidate, retired=new.get(OF_PROVIDERS), now=now)
    if PLACE & new.keys() or credential is not None:
        effect["answer"] = _answer(candidate, now=now)
    return effect


def _answer(candidate: Source, *, now: datetime) -> dict[str, Any]:
    """Return the answer of the new address in JSON types, or the fault."""
    try:
        answer = try_source(candidate, zone=current_city().zone, now=now)
    except SourceFault as fault:
        return {"fault": fault.reason.value, "parts": {name: str(part) for name, part in fault.parts.items()}}
    return {
        "as_of": answer.as_of.isoformat(),
        "looked_at": answer.looked_at,
        "bad": answer.bad,
        "is_ahead": answer.is_ahead,
        "is_behind": answer.is_behind,
    }
