"""The journal: searched, read entry by entry, and held against its seals."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.reports.days import bounds
from codes.tasks import ring_for_verification
from portal.auditor.forms import JournalForm
from portal.auditor.telling import subject_told, told
from portal.web.access import StaffRequest, for_staff
from portal.web.host import city_of
from portal.web.keyset import keyset_page
from regions.journal.models import Checkpoint, JournalEntry
from regions.journal.verifications import ask_to_verify, chain_state, verify_and_note
from regions.staff.roles import Role
from regions.tenancy import current_city

AWAITED_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Line:
    """An entry as it is read: the act and its subject in words, its data and seal as they are stored."""

    entry: JournalEntry
    told: str
    subject: str
    data: str
    digest: str


@require_safe
@for_staff(Role.AUDITOR, Role.AUDIT_ADMIN)
def journal(request: StaffRequest) -> HttpResponse:
    """Entries, the newest first, narrowed by what the address says."""
    form = JournalForm(request.GET)
    entries = _found(form) if form.is_valid() else JournalEntry.objects.none()
    page = keyset_page(entries, by=["-seq"], after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    kept = request.GET.copy()
    for name in ("after", "before"):
        kept.pop(name, None)
    context = {
        "form": form,
        "page": page,
        "lines": [_line(entry) for entry in page.rows],
        "query": f"{kept.urlencode()}&" if kept else "",
        **(_chain() if city_of(request) else {}),
    }
    return render(request, "auditor/journal.html", context)


@require_POST
@for_staff(Role.AUDITOR, Role.AUDIT_ADMIN)
def verify_now(request: StaffRequest) -> HttpResponse:
    """Walk the chain: a short one at once, a long one by a worker."""
    by = request.user.username
    if ask_to_verify(by=by, now=timezone.now()):
        verify_and_note(by=by, now=timezone.now())
    else:
        ring_for_verification(current_city().schema_name, by)
        messages.info(request, _("The chain is long: it is being checked in the background. Come back in a minute."))
    return redirect("auditor_journal")


def _found(form: JournalForm) -> QuerySet[JournalEntry]:
    wanted = form.cleaned_data
    exact = {name: wanted[name] for name in ("by", "verb", "subject") if wanted[name]}
    entries = JournalEntry.objects.filter(**exact)
    span = bounds(wanted["first"], wanted["last"], zone=timezone.get_current_timezone())
    if span["from"]:
        entries = entries.filter(at__gte=span["from"])
    if span["until"]:
        entries = entries.filter(at__lt=span["until"])
    return entries


def _chain() -> dict[str, Any]:
    """What is known of the chain without walking it."""
    state, point = chain_state(), Checkpoint.objects.order_by("-seq").first()
    return {
        "has_chain": True,
        "last": state.last,
        "awaited": state.awaited,
        "is_late": state.awaited is not None and timezone.now() - state.awaited.at > AWAITED_FOR,
        "checkpoint": point,
    }


def _line(entry: JournalEntry) -> Line:
    data = json.dumps(entry.data, ensure_ascii=False, indent=2, sort_keys=True) if entry.data else ""
    return Line(entry, told(entry), subject_told(entry.subject), data, bytes(entry.digest).hex())
