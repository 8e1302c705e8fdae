"""Quarantined records: the reason, the line and batch, and the content with people masked; and checking them again."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from codes.intake.retrying import Retried, retry, waiting
from portal.official.sources.views import READERS
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt
from portal.web.keyset import keyset_page, query_without_place
from regions.masking import masked_raw
from regions.numbers import number_of
from regions.sources.models import Batch, Quarantined, Source
from regions.sources.reasons import RecordReason
from regions.staff.roles import Role


@require_safe
@for_staff(*READERS)
def quarantine(request: StaffRequest, code: str) -> HttpResponse:
    source = get_object_or_404(Source, code=code)
    untaken = Quarantined.objects.filter(batch__source=source, taken_in__isnull=True)
    reasons = dict(untaken.order_by().values_list("reason").annotate(number=Count("pk")))
    reason, batch = request.GET.get("reason", ""), number_of(request.GET.get("batch", ""), digits=9)
    chosen = untaken.select_related("batch")
    if reason in reasons:
        chosen = chosen.filter(reason=reason)
    if batch is not None:
        chosen = chosen.filter(batch=batch)
    page = keyset_page(chosen, request.GET, by=["-id"])
    context = {
        "source": source,
        "reasons": [(RecordReason(one), number) for one, number in sorted(reasons.items())],
        "all": sum(reasons.values()),
        "chosen_reason": reason,
        "batch": batch,
        "page": page,
        "shown": [{"row": row, "reason": RecordReason(row.reason), "raw": masked_raw(row)} for row in page.rows],
        "query": query_without_place(request.GET),
        "may_retry": Role.SOURCE_MANAGER in request.roles and waiting(source).exists(),
    }
    return render(request, "official/sources/quarantine.html", context)


@require_POST
@for_staff(Role.SOURCE_MANAGER)
def retry_quarantine(request: StaffRequest, code: str) -> HttpResponse:
    """Check the named delivery's records again, or all if none is named, with the settings in force. Those that pass become facts."""
    source = get_object_or_404(Source, code=code)
    back = reverse("official_source_quarantine", args=[code])
    named = request.POST.get("batch")
    chosen = None if named is None else get_object_or_404(Batch, source=source, pk=number_of(named)).pk
    done = attempt(request, retry, source.pk, batch_id=chosen, back=back)
    if done is not None:
        _add_message(request, done)
    return redirect(f"{back}?batch={chosen}" if chosen is not None else back)


def _add_message(request: StaffRequest, done: Retried) -> None:
    message = ngettext("%(n)s record passed.", "%(n)s records passed.", done.taken) % {"n": localize(done.taken)}
    if done.outdated:
        outdated = _("%(n)s were outdated: the city holds a later version.") % {"n": localize(done.outdated)}
        message = _("%(first)s %(next)s") % {"first": message, "next": outdated}
    message = _("%(first)s %(next)s") % {
        "first": message,
        "next": _("%(n)s are still bad.") % {"n": localize(done.still)},
    }
    level = messages.SUCCESS if done.taken else messages.INFO
    messages.add_message(request, level, message)
