"""Proposing that a record is wrong. The page shows whose colour would change before anything is written."""

from typing import Any

from django import forms
from django.db.models import OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from codes.models import Case, Evidence, Fact, Suppression
from codes.review.proposals import suppressions
from codes.review.proposals.suppressions import effect_of_suppression
from codes.review.reasons import SuppressionReason
from portal.official.cases.detail import read_case
from portal.official.cases.forms import CHOOSE, GroundsForm, RecountForm, choices_of, text_field
from portal.official.cases.related import FILE, json_rows, parse_rows
from portal.official.cases.views import act_on_case, case_address, keep_added, submit_case_form
from portal.official.groups.detail import effects_shown
from portal.web.access import StaffRequest, for_staff
from portal.web.bodies import takes_file
from portal.web.errors import submit
from regions.staff.roles import Role


class SuppressionForm(GroundsForm):
    reason_code = forms.ChoiceField(
        label=gettext_lazy("What is wrong with it?"), choices=choices_of(SuppressionReason), error_messages=CHOOSE
    )
    note = text_field(gettext_lazy("In words"), rows=3, required=False)

    field_order = ("reason_code", "grounds", "document", "upload", "note")

    def __init__(self, *args: Any, case: Case, fact: Fact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        files = parse_rows(case.files_json)  # type: ignore[attr-defined]  # annotated by the view
        self.offer([fact], files, chosen=[f"file:{file['id']}" for file in files])


@takes_file
@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.REVIEWER)
def suppress(request: StaffRequest, number: str, fact_id: int) -> HttpResponse:
    """Propose that the record is wrong. The page shows whose colour would change without it."""
    files = json_rows(Evidence.objects.filter(case=OuterRef("pk")), *FILE)
    case = get_object_or_404(Case.objects.select_related("citizen").annotate(files_json=files), number=number)
    fact, versions = _record(case, fact_id)
    if case.closed_at is not None:
        raise Http404
    back = case_address(request, number)
    form = SuppressionForm(request.POST or None, request.FILES or None, case=case, fact=fact)
    if request.method == "POST":
        response = submit(
            request,
            form,
            lambda data, **who: suppressions.propose_suppression(
                fact_id=fact.pk,
                reason_code=data["reason_code"],
                evidence=form.references() + keep_added(data, case=case, **who),
                reason=data["note"],
                case_id=case.pk,
                **who,
            ),
            back=back,
            done=_("Proposed. A second official decides; until then the record counts."),
        )
        if response:
            return response
    context = {
        "case": case,
        "fact": fact,
        "form": form,
        "back": back,
        "effects": effects_shown(effect_of_suppression(versions, now=timezone.now()), versions),
    }
    return render(request, "official/cases/suppress.html", context, status=422 if form.errors else 200)


def _record(case: Case, fact_id: int) -> tuple[Fact, list[Fact]]:
    """Return the fact and all versions of its record, read in one query.

    Raises ``Http404`` unless it is about the case's citizen.
    """
    record = Fact.objects.filter(pk=fact_id, citizen=case.citizen_id).values("record_id")
    found = (
        Fact.objects.filter(record_id__in=record).select_related("source", "provider", "citizen").order_by("version")
    )
    fact = next((one for one in found if one.pk == fact_id), None)
    if fact is None:
        raise Http404
    origin = (fact.source_id, fact.provider_id)
    return fact, [one for one in found if (one.source_id, one.provider_id) == origin]


@require_POST
@for_staff(Role.REVIEWER)
def take_back_suppression(request: StaffRequest, number: str, suppression: int) -> HttpResponse:
    get_object_or_404(Suppression.objects.filter(case__number=number), pk=suppression)
    done = _("The proposal is taken back; the record counts.")
    return act_on_case(request, number, suppressions.withdraw_suppression, suppression_id=suppression, done=done)


@require_POST
@for_staff(Role.REVIEWER)
def end_suppression(request: StaffRequest, number: str, suppression: int) -> HttpResponse:
    detail = read_case(number=number)
    if suppression not in {row["id"] for row in detail.suppressions}:
        raise Http404
    return submit_case_form(
        request,
        detail,
        ("recount", RecountForm(request.POST, auto_id="recount_%s")),
        lambda data, **who: suppressions.propose_suppression_end(
            suppression_id=suppression, reason_code=data["reason_code"], reason=data["note"], **who
        ),
        done=_("It is proposed that the record counts again. A second official decides."),
    )
