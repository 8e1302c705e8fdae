"""The page of a case and its simple actions."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.cities.corrections import owners_of
from codes.models import Case, CityCorrection, Evidence, Neighbour
from codes.review.cases import assign, close
from codes.review.cases.transitions import Verb, transitions_from
from codes.review.evidence.access import reveal
from codes.review.evidence.faults import MAX_BYTES, UploadFault
from codes.review.evidence.files import keep_upload, read_evidence
from codes.review.permissions import may
from codes.review.reply_templates import filled, templates_in_use
from portal.official.cases.detail import CaseDetail, read_case
from portal.official.cases.forms import (
    ComplexForm,
    CorrectionAnswerForm,
    CorrectionForm,
    DecisionForm,
    EndForm,
    NoteForm,
    QuestionForm,
    RecountForm,
    RevealForm,
    SecondLookForm,
)
from portal.official.cases.related import Row
from portal.official.queue.filters import filter_query, parse_filter
from portal.web.access import StaffRequest, for_staff
from portal.web.attachments import evidence_attachment
from portal.web.errors import attempt_and_return, form_refusals, seen_token, submit
from regions.refusals import Refused
from regions.staff.roles import CASE_WORK, Role

# Session key of the reasons of the previous decision. It holds codes only, no personal data.
LAST = "last_decision"
CASE_READERS = (*CASE_WORK, Role.AUDITOR)

# Actions that have a form, with the form's name in the template.
FORMS: dict[Verb, tuple[str, type[Form]]] = {
    Verb.ASK_INFORMATION: ("question", QuestionForm),
    Verb.MARK_COMPLEX: ("complex", ComplexForm),
    Verb.ANSWER_CORRECTION: ("correction_answer", CorrectionAnswerForm),
}


@require_safe
@for_staff(*CASE_READERS)
def case_page(request: StaffRequest, number: str) -> HttpResponse:
    return show_case(request, read_case(number=number))


def case_address(request: StaffRequest, number: str) -> str:
    """Return the address of the case's page, with the queue's filter."""
    return reverse("official_case", args=[number]) + filter_query(parse_filter(request.GET))


def show_case(
    request: StaffRequest, detail: CaseDetail, forms: Mapping[str, Form] | None = None, **more: Any
) -> HttpResponse:
    """Return the page. ``forms`` are forms that came back with errors; ``more`` is added to the template's context."""
    case = detail.case
    acts = offered(case, roles=request.roles, username=request.user.username, proposed=detail.proposed)
    context: dict[str, Any] = {
        **evidence_context(detail),
        "acts": acts,
        "seen": seen_token(case),
        "query": filter_query(parse_filter(request.GET)),
        "is_worker": bool(request.roles & CASE_WORK),
        "owners": _owners(detail) if "send_correction" in acts else [],
        "reveal": RevealForm(auto_id="reveal_%s"),
        "note": NoteForm(auto_id="note_%s") if request.roles & CASE_WORK else None,
        **{name: form(auto_id=f"{name}_%s") for verb, (name, form) in FORMS.items() if verb.name.lower() in acts},
    }
    if "propose" in acts:
        context["decision"] = DecisionForm(detail=detail, last=request.session.get(LAST))
    if "send_correction" in acts:
        asked = {row["fact_id"] for row in detail.corrections if not row["answered_at"]}
        facts = [fact for fact in seen_facts(detail) if fact.pk not in asked]
        context["correction"] = CorrectionForm(facts=facts, auto_id="correction_%s")
    if Role.REVIEWER in request.roles and detail.standing and not detail.standing["end_proposed_by"]:
        context["ending"] = EndForm(auto_id="ending_%s")
    if Role.REVIEWER in request.roles and any(row["state"] == "approved" for row in detail.suppressions):
        context["recount"] = RecountForm(auto_id="recount_%s")
    if "reopen" in acts and detail.second_look_waits_for(request.user.username):
        context["second_look"] = SecondLookForm(auto_id="second_look_%s")
    context |= {**(forms or {}), **more}
    has_errors = any(form.errors for form in (forms or {}).values())
    return render(request, "official/cases/case.html", context, status=422 if has_errors else 200)


def evidence_context(detail: CaseDetail) -> dict[str, Any]:
    """Return the context for the template of the case's evidence. It does not depend on who looks at it."""
    case = detail.case
    return {"detail": detail, "case": case, "now": timezone.now(), "city_corrections": _city_corrections(case)}


def _owners(detail: CaseDetail) -> list[Neighbour]:
    """Return, once each, the other cities that own records which some provider sees and for which no correction is open."""
    asked = {one.fact_id for one in _city_corrections(detail.case) if one.state in CityCorrection.UNANSWERED}
    owners = owners_of([fact for fact in seen_facts(detail) if fact.pk not in asked])
    return list({owner.pk: owner for owner in owners.values()}.values())


def _city_corrections(case: Any) -> Iterable[CityCorrection]:
    """Return the corrections between cities that belong to the case. Most cases have none."""
    found = case.city_corrections.select_related("neighbour").order_by("pk")
    return found if case.is_asked_elsewhere else ()  # annotated by with_related


def seen_facts(detail: CaseDetail) -> list[Any]:
    """Return the records that some provider sees, those that differ first."""
    records = {record["fact"].pk: record for side in detail.sides for record in side["records"]}
    return [one["fact"] for one in sorted(records.values(), key=lambda one: (not one["differs"], -one["fact"].pk))]


# Actions of the assignee. Other officials take the case over first.
ASSIGNEE_ONLY = frozenset(
    {
        Verb.PROPOSE,
        Verb.UPHOLD,
        Verb.DENY,
        Verb.ASK_INFORMATION,
        Verb.DROP_INFORMATION,
        Verb.MARK_COMPLEX,
        Verb.PUT_BACK,
    }
)


def offered(case: Case, *, roles: frozenset[Role], username: str, proposed: Row | None = None) -> frozenset[str]:
    """Return the names of the actions that are possible now (``propose``, ``take_over`` …), for templates."""
    return frozenset(
        verb.name.lower()
        for verb in {transition.action for transition in transitions_from(case.kind, case.state)}
        if may(roles, verb) and _is_left(verb, case, username, proposed)
    )


def _is_left(verb: Verb, case: Case, username: str, proposed: Row | None) -> bool:
    match verb:
        case Verb.TAKE_OVER:
            return case.assigned_to != username
        case Verb.PUT_BACK:
            return case.assigned_to == username
        case Verb.LOOK:
            return case.first_looked_at is None
        case Verb.MARK_COMPLEX:
            return case.complex_since is None and case.assigned_to in ("", username)
        case Verb.WITHDRAW_PROPOSAL:
            return proposed is not None and proposed["proposed_by"] == username
        case Verb.APPROVE | Verb.REFUSE:
            return proposed is not None and proposed["proposed_by"] != username
        case _:
            return verb not in ASSIGNEE_ONLY or case.assigned_to in ("", username)


def act_on_case(
    request: StaffRequest, number: str, act: Callable[..., object], *, done: str, **arguments: object
) -> HttpResponse:
    """Do what a button on the page of the case asks for, and redirect to the page."""
    return attempt_and_return(request, act, back=case_address(request, number), done=done, **arguments)


def submit_case_form(
    request: StaffRequest, detail: CaseDetail, named: tuple[str, Form], act: Callable[..., object], *, done: str
) -> HttpResponse:
    """Do what a form on the page of the case asks for. If the form has errors, return the page with the form."""
    name, form = named
    response = submit(request, form, act, back=case_address(request, detail.case.number), done=done)
    return response or show_case(request, detail, {name: form})


@require_POST
@for_staff(Role.REVIEWER)
def take(request: StaffRequest, number: str) -> HttpResponse:
    """Assign the case to the reader.

    Answer 409 if its assignee is no longer the one that the page showed (``assignee``).
    """
    case = get_object_or_404(Case, number=number)
    shown = request.POST.get("assignee", "")
    return act_on_case(request, number, assign.take_over, case_id=case.pk, assignee=shown, done=_("The case is yours."))


@require_POST
@for_staff(Role.REVIEWER)
def release(request: StaffRequest, number: str) -> HttpResponse:
    case = get_object_or_404(Case, number=number)
    done = _("The case is back in the queue for everybody.")
    return act_on_case(request, number, assign.put_back, case_id=case.pk, done=done)


@require_POST
@for_staff(*CASE_WORK)
def look(request: StaffRequest, number: str) -> HttpResponse:
    """Record the first look, which meets the first deadline.

    It takes a POST request because reading a page writes nothing.
    """
    case = get_object_or_404(Case, number=number)
    return act_on_case(request, number, close.look, case_id=case.pk, done=_("Noted as looked at."))


@require_POST
@for_staff(Role.REVIEWER)
def give_more_time(request: StaffRequest, number: str) -> HttpResponse:
    detail = read_case(number=number)
    return submit_case_form(
        request,
        detail,
        ("complex", ComplexForm(request.POST, auto_id="complex_%s")),
        lambda data, **who: close.mark_complex(case_id=detail.case.pk, reason=data["note"], **who),
        done=_("It has three working days now."),
    )


@require_POST
@for_staff(*CASE_READERS)
def reveal_person(request: StaffRequest, number: str) -> HttpResponse:
    """Show the case with its citizen's name, in this response only.

    The name is not kept in the session or in an address.
    """
    detail = read_case(number=number)
    form = RevealForm(request.POST, auto_id="reveal_%s")
    if form.is_valid():
        with form_refusals(form, back=case_address(request, number)):
            person = reveal(
                citizen_id=detail.case.citizen_id,
                purpose=form.cleaned_data["purpose"],
                by=request.user.username,
                now=timezone.now(),
            )
            return show_case(request, detail, person=person)
    return show_case(request, detail, {"reveal": form})


def note_with_template(request: StaffRequest, detail: CaseDetail) -> str | None:
    """Return the typed text with the text of the chosen reply template, or ``None`` if no template's button was pressed."""
    chosen = request.POST.get("fill", "")
    if not any(str(row["id"]) == chosen for row in detail.templates):
        return None
    words = filled(templates_in_use().get(pk=int(chosen)), detail.case, now=timezone.now())
    typed = request.POST.get("note", "").strip()
    return f"{typed}\n{words}" if typed else words


def keep_added(data: Mapping[str, Any], *, case: Case, by: str, now: datetime) -> list[str]:
    """Save the uploaded file of a grounds form, if there is one, and return its reference. Raises ``Refused``."""
    upload = data["upload"]
    if not upload:
        return []
    if upload.size > MAX_BYTES:
        raise Refused(UploadFault.TOO_LARGE)
    kept = keep_upload(
        citizen=case.citizen, content=upload.read(), original_name=upload.name, by=by, now=now, case=case
    )
    return [f"file:{kept.pk}"]


@require_safe
@for_staff(*CASE_READERS)
def evidence_file(request: StaffRequest, number: str, evidence: int) -> HttpResponse:
    """Return a file of the case. The citizen's access history shows that it was read and for what purpose."""
    case = get_object_or_404(Case, number=number)
    get_object_or_404(Evidence.objects.filter(case=case), pk=evidence)
    return hand_out(
        request, evidence, purpose=_("review of case %(number)s") % {"number": case.number}, name=case.number
    )


def hand_out(request: StaffRequest, evidence: int, *, purpose: str, name: str) -> HttpResponse:
    found, content = read_evidence(evidence_id=evidence, by=request.user.username, purpose=purpose, now=timezone.now())
    return evidence_attachment(found, content, of=name)
