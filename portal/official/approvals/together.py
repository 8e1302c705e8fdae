"""Approving what was proposed in one act for many people: how many, on what grounds – and only what turns nobody's code stricter."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from codes.models import PairDiagnosis, Ruling
from codes.review.cases.move import BULK_LIMIT
from codes.review.proposals.bulk_rulings import approve_many
from portal.official.cases.forms import grounds_shown
from portal.official.queue.filters import plain
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import in_words
from regions.refusals import Refused
from regions.staff.roles import Role

SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.APPROVER)
def together(request: StaffRequest) -> HttpResponse:
    """The proposals that one person made at one moment (``by``, ``at`` in the address), and approving all of them."""
    by, at = plain(request.GET.get("by", "")), _instant(request.GET.get("at", ""))
    waiting = Ruling.objects.waiting().filter(proposed_by=by, proposed_at=at).order_by("pk")
    if request.method == "POST":
        return _approve(request, waiting)
    first = list(waiting.select_related("case", "citizen")[:SHOWN])
    if not first:
        raise Http404
    diagnosed = PairDiagnosis.objects.filter(disagreement__cases__rulings__in=waiting.order_by().values("pk"))
    causes = diagnosed.values_list("primary_cause").annotate(pairs=Count("pk", distinct=True)).order_by("-pairs")
    context: dict[str, Any] = {
        "people": waiting.count(),
        "first": first,
        "proposal": first[0],
        "grounds": grounds_shown(first[0].evidence, number="", facts=[], files=[]),
        "causes": list(causes),
        "is_mine": by == request.user.username,
    }
    return render(request, "official/approvals/together.html", context)


def _approve(request: StaffRequest, waiting: QuerySet[Ruling]) -> HttpResponse:
    keys = list(waiting.values_list("pk", flat=True)[: BULK_LIMIT + 1])
    try:
        handled = approve_many(ruling_ids=keys, by=request.user.username, now=timezone.now())
    except Refused as refused:
        messages.warning(request, in_words(refused))
    else:
        messages.success(request, ngettext("%(n)d approved.", "%(n)d approved.", handled.done) % {"n": handled.done})
        if handled.skipped:
            messages.info(request, _("%(n)d are left for a look of their own.") % {"n": handled.skipped})
    return redirect("official_approvals")


def _instant(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError as error:
        raise Http404 from error
    if found is None or found.tzinfo is None:
        raise Http404
    return found
