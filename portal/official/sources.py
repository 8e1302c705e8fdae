"""Data sources: how fresh they are, what they delivered, trying and collecting them, and batches held for two people."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.intake.held import discard, release
from portal.official.bells import ring_for_collection
from portal.official.effect_words import answer_words
from portal.official.source_reading import sources_shown
from portal.web.access import StaffRequest, for_staff, own_or_404
from portal.web.keyset import keyset_page
from portal.web.refusing import attempt
from regions.sources.connectors.delivery import SourceFault
from regions.sources.models import Batch, Source, SourceChange
from regions.sources.trial import Answer, try_source
from regions.staff.roles import Role
from regions.tenancy import current_city

READERS = (Role.SOURCE_MANAGER, Role.APPROVER)
BATCHES_A_PAGE = 20
CHANGES_SHOWN = 10


@require_safe
@for_staff(*READERS)
def source_list(request: StaffRequest) -> HttpResponse:
    """Every source of the city."""
    return render(
        request, "official/sources.html", {"sources": sources_shown(Source.objects.all(), now=timezone.now())}
    )


@require_safe
@for_staff(*READERS)
def source_page(request: StaffRequest, code: str) -> HttpResponse:
    """One source: where it stands, its settings without credentials, its batches and changes."""
    return _page(request, own_or_404(Source.objects.all(), code=code))


@require_POST
@for_staff(Role.SOURCE_MANAGER)
def test_connection(request: StaffRequest, code: str) -> HttpResponse:
    """Ask the source now, by the guard of every run; the answer is on the page and nowhere else."""
    source, now = own_or_404(Source.objects.all(), code=code), timezone.now()
    try:
        answer = try_source(source, zone=current_city().zone, now=now)
    except SourceFault as fault:
        return _page(request, source, fault=fault.said_in(translation.get_language()))
    return _page(request, source, answer=answer)


@require_POST
@for_staff(Role.SOURCE_MANAGER)
def collect(request: StaffRequest, code: str) -> HttpResponse:
    """Have a worker collect the source."""
    source = own_or_404(Source.objects.all(), code=code)
    if ring_for_collection(current_city().schema_name, source.pk, request.user.username):
        messages.info(request, _("Collecting has been asked for. Its batch appears below; load the page again."))
    else:
        messages.error(request, _("No worker can be reached, so nothing is collected. Tell the operator."))
    return redirect("official_source", code=code)


@require_POST
@for_staff(*READERS)
def decide_batch(request: StaffRequest, batch_id: int) -> HttpResponse:
    """A held delivery: a source manager asks for its release, an approver decides; either may give it up."""
    batch = own_or_404(Batch.objects.select_related("source"), pk=batch_id)
    back = reverse("official_source", args=[batch.source.code])
    verb = {"release": release, "discard": discard}.get(request.POST.get("verb", ""))
    if verb is None:
        return redirect(back)
    done = attempt(request, lambda: verb(batch.pk, by=request.user.username, now=timezone.now()), back=back)
    if done is not None:
        _say(request, done)
    return redirect(back)


def _say(request: StaffRequest, batch: Batch) -> None:
    if batch.state == Batch.State.HELD:
        messages.info(request, _("Asked for. An approver has to decide; that cannot be you."))
    elif batch.state == Batch.State.ACCEPTED:
        messages.success(request, _("The delivery has been taken. Colours follow with the next run."))
    else:
        messages.info(request, batch.said_in(translation.get_language()))


def _page(request: StaffRequest, source: Source, *, answer: Answer | None = None, fault: str = "") -> HttpResponse:
    shown = sources_shown(Source.objects.filter(pk=source.pk), now=timezone.now())[0]
    page = keyset_page(
        Batch.objects.filter(source=source),
        by=["-id"],
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=BATCHES_A_PAGE,
    )
    language, username = translation.get_language(), request.user.username
    asked_by = shown.held.release_asked_by if shown.held else ""
    context = {
        "shown": shown,
        "source": source,
        "page": page,
        "batches": [(batch, batch.said_in(language)) for batch in page.rows],
        "held_told": shown.held.said_in(language) if shown.held else "",
        "may_release": bool(asked_by) and asked_by != username and Role.APPROVER in request.roles,
        "changes": SourceChange.objects.filter(source=source).order_by("-id")[:CHANGES_SHOWN],
        "answer_lines": answer_words(answer) if answer else [],
        "fault": fault,
        "may_act": Role.SOURCE_MANAGER in request.roles,
    }
    return render(request, "official/source.html", context)
