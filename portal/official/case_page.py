"""The case: why the providers differ, side by side, and every act that is open to whoever looks."""

from collections.abc import Mapping
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from codes.review.verbs import Verb
from portal.official.case_forms import (
    ComplexForm,
    CorrectionAnswerForm,
    CorrectionForm,
    EndForm,
    QuestionForm,
    RevealForm,
)
from portal.official.case_sheet import Sheet, read_sheet
from portal.official.decision_form import DecisionForm
from portal.official.filtering import chosen_of, query_of
from portal.official.offering import offered
from portal.web.access import StaffRequest, for_staff
from portal.web.refusing import seen_token
from regions.staff.roles import Role

# Where the session keeps the reasons of the decision before: codes only.
LAST = "last_decision"
CASE_WORK = (Role.REVIEWER, Role.APPROVER)

# Verbs whose form a page prepares, and the name the template knows it by.
FORMS: dict[Verb, tuple[str, type[Form]]] = {
    Verb.ASK_INFORMATION: ("question", QuestionForm),
    Verb.MARK_COMPLEX: ("complex", ComplexForm),
    Verb.ANSWER_CORRECTION: ("correction_answer", CorrectionAnswerForm),
}


@require_safe
@for_staff(*CASE_WORK)
def case_page(request: StaffRequest, number: str) -> HttpResponse:
    """One case."""
    return show_case(request, read_sheet(number=number))


def case_address(request: StaffRequest, number: str) -> str:
    """The page of a case, with the queue's filter one came with."""
    query = query_of(chosen_of(request.GET))
    return reverse("official_case", args=[number]) + (f"?{query}" if query else "")


def show_case(
    request: StaffRequest, sheet: Sheet, forms: Mapping[str, Form] | None = None, **more: Any
) -> HttpResponse:
    """The page; ``forms`` are those that came back with something to mend, ``more`` what an act adds to it."""
    case = sheet.case
    acts = offered(case, roles=request.roles, username=request.user.username, proposed=sheet.proposed)
    query = query_of(chosen_of(request.GET))
    context: dict[str, Any] = {
        "sheet": sheet,
        "case": case,
        "acts": acts,
        "seen": seen_token(case),
        "query": f"?{query}" if query else "",
        "now": timezone.now(),
        "reveal": RevealForm(auto_id="reveal_%s"),
        **{name: form(auto_id=f"{name}_%s") for verb, (name, form) in FORMS.items() if verb.name.lower() in acts},
    }
    if "propose" in acts:
        context["decision"] = DecisionForm(sheet=sheet, last=request.session.get(LAST))
    if "send_correction" in acts:
        context["correction"] = CorrectionForm(facts=seen_facts(sheet), auto_id="correction_%s")
    if Role.REVIEWER in request.roles and sheet.standing and not sheet.standing["end_proposed_by"]:
        context["ending"] = EndForm(auto_id="ending_%s")
    if Role.REVIEWER in request.roles and any(row["state"] == "approved" for row in sheet.suppressions):
        context["recount"] = EndForm(auto_id="recount_%s")
    context |= {**(forms or {}), **more}
    mended = any(form.errors for form in (forms or {}).values())
    return render(request, "official/case.html", context, status=422 if mended else 200)


def seen_facts(sheet: Sheet) -> list[Any]:
    """The records some provider sees, each once, those that differ first."""
    records = {record.fact.pk: record for side in sheet.sides for record in side.records}
    return [record.fact for record in sorted(records.values(), key=lambda one: (not one.differs, -one.fact.pk))]
