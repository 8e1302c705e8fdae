"""Data sources: their freshness and batches, trying and collecting them, and held batches that two people decide about."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.coarse_stays import coarse_stays
from codes.intake.collecting import asker_has_left, discard, release
from codes.sentinel.alarms import READERS as ALARM_READERS
from portal.official.sources.presenters import address_rows, answer_words
from portal.official.tasks import enqueue_collection
from portal.templatetags.page import titled
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt
from portal.web.keyset import keyset_page, query_without_place
from regions.sources.collect import TrialResult, database_address, try_source
from regions.sources.connectors.delivery import SourceFault
from regions.sources.models import Batch, BatchFinding, Quarantined, Source, SourceChange
from regions.sources.ranges import LISTED_A_KIND
from regions.staff.roles import Role
from regions.tenancy import current_city


def read_sources(sources: QuerySet[Source], *, now: datetime) -> list[dict[str, Any]]:
    """Return the sources by code, read in two queries: with horizon, newest batch, and the waiting batch and change."""
    mine = Batch.objects.filter(source=OuterRef("pk"))
    waiting = Quarantined.objects.filter(batch__source=OuterRef("pk"), taken_in__isnull=True).order_by()
    counted = waiting.values("batch__source").annotate(number=Count("pk")).values("number")
    found = sources.order_by("code").annotate(
        horizon=Batch.objects.horizon_of(OuterRef("pk")),
        newest_batch=Subquery(mine.order_by("-id").values("pk")[:1]),
        held_batch=Subquery(mine.filter(state=Batch.State.HELD).order_by("-id").values("pk")[:1]),
        open_change=Subquery(SourceChange.objects.waiting().filter(source=OuterRef("pk")).values("pk")[:1]),
        in_quarantine=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
    )
    rows = list(found)
    batches = Batch.objects.in_bulk([pk for row in rows for pk in (row.newest_batch, row.held_batch) if pk])
    return [
        {
            "source": row,
            "horizon": row.horizon,
            "state": _state(row, row.horizon, batches.get(row.newest_batch), now=now),
            "max_age": timedelta(hours=row.max_age_hours),
            "newest": batches.get(row.newest_batch),
            "held": batches.get(row.held_batch),
            "open_change": row.open_change,
            "in_quarantine": row.in_quarantine,
        }
        for row in rows
    ]


def _state(source: Source, horizon: datetime | None, newest: Batch | None, *, now: datetime) -> str:
    """Return the state of the source. If its newest batch was refused it is ``failing``, even if its horizon is recent."""
    if source.retired:
        return "retired"
    if horizon is None:
        return "never"
    if source.is_too_old(horizon, at=now):
        return "stale"
    return "failing" if newest and newest.state == Batch.State.REFUSED else "fresh"


DECIDERS = (Role.SOURCE_MANAGER, Role.APPROVER)
READERS = (*DECIDERS, Role.AUDITOR)
BATCHES_A_PAGE = 20
CHANGES_SHOWN = 10
FINDINGS_A_PAGE = 100


@require_safe
@for_staff(*READERS)
def source_list(request: StaffRequest) -> HttpResponse:
    return render(
        request, "official/sources/sources.html", {"sources": read_sources(Source.objects.all(), now=timezone.now())}
    )


@require_safe
@for_staff(*READERS)
def source_page(request: StaffRequest, code: str) -> HttpResponse:
    return _page(request, get_object_or_404(Source, code=code))


@require_POST
@for_staff(Role.SOURCE_MANAGER)
def test_connection(request: StaffRequest, code: str) -> HttpResponse:
    """Try the source now, with the same connection guard as a collection. The answer is shown and not stored."""
    source, now = get_object_or_404(Source, code=code), timezone.now()
    try:
        answer = try_source(source, zone=current_city().zone, now=now)
    except SourceFault as fault:
        return _page(request, source, fault=fault.message_in(translation.get_language()))
    return _page(request, source, answer=answer)


@require_POST
@for_staff(Role.SOURCE_MANAGER)
def collect(request: StaffRequest, code: str) -> HttpResponse:
    source = get_object_or_404(Source, code=code)
    if enqueue_collection(current_city().schema_name, source.pk, request.user.username):
        messages.info(request, _("Collecting has been asked for. Its batch appears below; load the page again."))
    else:
        messages.error(request, _("No worker can be reached, so nothing is collected. Tell the operator."))
    return redirect("official_source", code=code)


@require_POST
@for_staff(*DECIDERS)
def decide_batch(request: StaffRequest, batch_id: int) -> HttpResponse:
    """Decide a held batch. A source manager asks for its release and an approver decides; either may discard it."""
    batch = get_object_or_404(Batch.objects.select_related("source"), pk=batch_id)
    back = reverse("official_source", args=[batch.source.code])
    act = {"release": release, "discard": discard}.get(request.POST.get("verb", ""))
    done = attempt(request, act, batch.pk, back=back) if act else None
    if done is not None:
        _add_message(request, done)
    return redirect(back)


@require_safe
@for_staff(*READERS, *ALARM_READERS)
def batch_page(request: StaffRequest, batch_id: int) -> HttpResponse:
    """Show one batch: its counts, and its findings (late, changed or missing records) by record id."""
    batch = get_object_or_404(Batch.objects.select_related("source"), pk=batch_id)
    counts = {
        BatchFinding.Kind.LATE: batch.late,
        BatchFinding.Kind.CHANGED: batch.changed,
        BatchFinding.Kind.MISSING: batch.missing,
    }
    found = [kind for kind, number in counts.items() if number]
    chosen = next((kind for kind in found if kind.value == request.GET.get("kind")), found[0] if found else None)
    number = counts[chosen] if chosen else 0
    listed = batch.findings.filter(kind=chosen)
    context = {
        "batch": batch,
        "source": batch.source,
        "may_read_source": bool(request.roles & set(READERS)),
        "label": batch.message_in(translation.get_language()),
        "counts": counts.items(),
        "found": found,
        "chosen": chosen,
        "is_cut": number > LISTED_A_KIND,
        "most": LISTED_A_KIND,
        "page": keyset_page(listed, request.GET, by=["record_id"], size=FINDINGS_A_PAGE),
        "query": query_without_place(request.GET),
    }
    return render(request, "official/sources/batch.html", context)


def _add_message(request: StaffRequest, batch: Batch) -> None:
    if batch.state == Batch.State.HELD:
        messages.info(request, _("Asked for. An approver has to decide; that cannot be you."))
    elif batch.state == Batch.State.ACCEPTED:
        messages.success(request, _("The delivery has been taken. Colours follow with the next run."))
    else:
        messages.info(request, batch.message_in(translation.get_language()))


def _page(request: StaffRequest, source: Source, *, answer: TrialResult | None = None, fault: str = "") -> HttpResponse:
    shown = read_sources(Source.objects.filter(pk=source.pk), now=timezone.now())[0]
    page = keyset_page(Batch.objects.filter(source=source), request.GET, by=["-id"], size=BATCHES_A_PAGE)
    language, username = translation.get_language(), request.user.username
    held = shown["held"]
    has_left = held is not None and asker_has_left(held)
    asked_by = held.release_asked_by if held and not has_left else ""
    context = {
        "shown": shown,
        "source": source,
        "page": page,
        "batches": [(batch, batch.message_in(language)) for batch in page.rows],
        "coarse": coarse_stays(source, day=timezone.localdate()),
        "may_ask": not asked_by and Role.SOURCE_MANAGER in request.roles,
        "asker_has_left": has_left,
        "held_label": held.message_in(language) if held else "",
        "may_release": bool(asked_by) and asked_by != username and Role.APPROVER in request.roles,
        "changes": SourceChange.objects.filter(source=source).order_by("-id")[:CHANGES_SHOWN],
        "address": address_rows(address) if (address := database_address(source)) else [],
        "retired_providers": _(", ").join(
            titled(one) for one in source.providers.filter(retired=True).order_by("code")
        ),
        "answer_lines": answer_words(answer) if answer else [],
        "fault": fault,
        "may_act": Role.SOURCE_MANAGER in request.roles,
        "may_discard": bool(request.roles.intersection(DECIDERS)),
    }
    return render(request, "official/sources/source.html", context)
