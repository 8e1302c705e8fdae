"""Approving rulings that one person proposed for many citizens in one act.

The page shows each citizen's colours then and now.

An answer covers only the citizens of the page from which it was sent, because nobody approves a ruling for a citizen
whose colours they have not seen.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from codes.effective import effective_codes
from codes.engine.provider_states import provider_states_of
from codes.models import PairDiagnosis, Ruling
from codes.review.cases.move import BulkResult
from codes.review.proposals.bulk_rulings import approve_many, take_out, with_changed_since
from codes.review.reasons import RefusalReason
from codes.vocabulary import Cause
from portal.official.cases.forms import CHOOSE, choices_of, grounds_detail, text_field
from portal.official.queue.filters import plain
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import form_refusals
from portal.web.keyset import keyset_page, query_without_place
from regions.instants import instant_of
from regions.numbers import number_of
from regions.staff.roles import Role

SHOWN = 50


class TakeOutForm(forms.Form):
    """The reason why the ticked citizens are taken out. It is required only if somebody is ticked."""

    reason_code = forms.ChoiceField(
        label=_("Why are they taken out?"), choices=choices_of(RefusalReason), error_messages=CHOOSE
    )
    note = text_field(_("In words"), required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.APPROVER)
def together(request: StaffRequest) -> HttpResponse:
    """Show and decide what one person (``by`` in the address) proposed at one moment (``at``)."""
    by, at = plain(request.GET.get("by", "")), _instant(request.GET.get("at", ""))
    proposed = Ruling.objects.waiting().filter(proposed_by=by, proposed_at=at)
    form = TakeOutForm(request.POST or None)
    if request.method == "POST":
        shown, out = (_among(proposed, request.POST.getlist(name)) for name in ("shown", "out"))
        form.fields["reason_code"].required = bool(out)
        back = f"{request.path}?{query_without_place(request.GET).rstrip('&')}"
        with form_refusals(form, back=back):
            if form.is_valid():
                _answer(request, form, approved=set() if "only_out" in request.POST else shown - out, out=out)
                return redirect(back if proposed.exists() else reverse("official_approvals"))
    pairs = PairDiagnosis.objects.filter(disagreement__cases=OuterRef("case")).order_by("pk")
    people = proposed.order_by().values("proposed_by").annotate(n=Count("pk"))
    read = with_changed_since(proposed).annotate(
        primary_causes=ArraySubquery(pairs.values("primary_cause")), people=Subquery(people.values("n"))
    )
    page = keyset_page(read.select_related("case", "citizen"), request.GET, by=["id"], size=SHOWN)
    if not page:
        raise Http404
    diagnosed = PairDiagnosis.objects.filter(disagreement__cases__rulings__in=proposed.order_by().values("pk"))
    causes = diagnosed.values_list("primary_cause").annotate(pairs=Count("pk", distinct=True)).order_by("-pairs")
    context: dict[str, Any] = {
        "people": page.rows[0].people,
        "page": page,
        "query": query_without_place(request.GET),
        "lines": _lines(page.rows, ticked=request.POST.getlist("out")),
        "proposal": page.rows[0],
        "grounds": grounds_detail(page.rows[0].evidence, number="", facts=[], files=[]),
        "causes": list(causes),
        "form": form,
        "is_mine": by == request.user.username,
    }
    return render(request, "official/approvals/together.html", context, status=422 if form.errors else 200)


def _lines(rows: Sequence[Any], *, ticked: list[str]) -> list[dict[str, Any]]:
    """Return each citizen's current colours, by provider and in effect, and whether they changed since the proposal."""
    now, citizens = timezone.now(), [one.citizen_id for one in rows]
    states, codes = provider_states_of(citizens, now=now), effective_codes(citizens, now=now)
    return [
        {
            "ruling": one,
            "causes": [*dict.fromkeys(map(Cause, one.primary_causes))],
            "sides": states[one.citizen_id],
            "now": codes[one.citizen_id].colour,
            "has_changed": one.has_changed,
            "is_ticked": str(one.pk) in ticked,
        }
        for one in rows
    ]


def _among(proposed: QuerySet[Ruling], keys: list[str]) -> set[int]:
    """Return those of the submitted keys that are waiting proposals."""
    wanted = {number for key in keys if (number := number_of(key)) is not None}
    return set(proposed.filter(pk__in=wanted).values_list("pk", flat=True))


def _answer(request: StaffRequest, form: TakeOutForm, *, approved: set[int], out: set[int]) -> None:
    """Take some citizens out and approve the rulings of the others. Raises ``Refused``."""
    by, now = request.user.username, timezone.now()
    if out:
        data = form.cleaned_data
        count = take_out(ruling_ids=sorted(out), reason_code=data["reason_code"], reason=data["note"], by=by, now=now)
        done = ngettext("%(n)s taken out: back in the queue.", "%(n)s taken out: back in the queue.", count)
        messages.success(request, done % {"n": localize(count)})
    handled = approve_many(ruling_ids=sorted(approved), by=by, now=now) if approved else BulkResult(0, 0)
    if handled.done:
        messages.success(
            request, ngettext("%(n)s approved.", "%(n)s approved.", handled.done) % {"n": localize(handled.done)}
        )
    if handled.skipped:
        messages.info(request, gettext("%(n)s are left for a look of their own.") % {"n": localize(handled.skipped)})


def _instant(text: str) -> datetime:
    found = instant_of(text)
    if found is None:
        raise Http404
    return found
