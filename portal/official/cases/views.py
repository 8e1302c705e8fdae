"""The case: why the providers differ, side by side, and every act that is open to whoever looks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.models import Case, Evidence
from codes.review.cases import assign, close
from codes.review.cases.transitions import Verb
from codes.review.evidence.access import reveal
from codes.review.evidence.files import keep_upload, read_evidence
from codes.review.evidence.uploads import MAX_BYTES, UploadFault
from portal.official.cases.actions import offered
from portal.official.cases.detail import Sheet, read_sheet
from portal.official.cases.forms import (
    ComplexForm,
    CorrectionAnswerForm,
    CorrectionForm,
    DecisionForm,
    EndForm,
    QuestionForm,
    RevealForm,
)
from portal.official.queue.filters import chosen_of, query_of
from portal.web.access import StaffRequest, for_staff, own_or_404
from portal.web.errors import attempt_and_return, refusals, seen_token
from regions.refusals import Refused
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
    return render(request, "official/cases/case.html", context, status=422 if mended else 200)


def seen_facts(sheet: Sheet) -> list[Any]:
    """The records some provider sees, each once, those that differ first."""
    records = {record.fact.pk: record for side in sheet.sides for record in side.records}
    return [record.fact for record in sorted(records.values(), key=lambda one: (not one.differs, -one.fact.pk))]


@require_POST
@for_staff(Role.REVIEWER)
def take(request: StaffRequest, number: str) -> HttpResponse:
    """Make it one's own. ``assignee`` is whom the page showed; by now another is the 409 page."""
    case = own_or_404(Case.objects.all(), number=number)
    return attempt_and_return(
        request,
        lambda: assign.take_over(
            case_id=case.pk, assignee=request.POST.get("assignee", ""), by=request.user.username, now=timezone.now()
        ),
        back=case_address(request, number),
        done=_("The case is yours."),
    )


@require_POST
@for_staff(Role.REVIEWER)
def release(request: StaffRequest, number: str) -> HttpResponse:
    """Give it back to everybody."""
    case = own_or_404(Case.objects.all(), number=number)
    return attempt_and_return(
        request,
        lambda: assign.put_back(case_id=case.pk, by=request.user.username, now=timezone.now()),
        back=case_address(request, number),
        done=_("The case is back in the queue for everybody."),
    )


@require_POST
@for_staff(*CASE_WORK)
def look(request: StaffRequest, number: str) -> HttpResponse:
    """Note that an official has looked: the clock of the first look stops. An act of its own, as reading writes nothing."""
    case = own_or_404(Case.objects.all(), number=number)
    return attempt_and_return(
        request,
        lambda: close.look(case_id=case.pk, by=request.user.username, now=timezone.now()),
        back=case_address(request, number),
        done=_("Noted as looked at."),
    )


@require_POST
@for_staff(Role.REVIEWER)
def give_more_time(request: StaffRequest, number: str) -> HttpResponse:
    """Call it complex: three working days, once."""
    sheet = read_sheet(number=number)
    back = case_address(request, number)
    form = ComplexForm(request.POST, auto_id="complex_%s")
    if form.is_valid():
        with refusals(form, back=back):
            close.mark_complex(
                case_id=sheet.case.pk, reason=form.cleaned_data["note"], by=request.user.username, now=timezone.now()
            )
            messages.success(request, _("It has three working days now."))
            return redirect(back)
    return show_case(request, sheet, {"complex": form})


@require_POST
@for_staff(*CASE_WORK)
def reveal_person(request: StaffRequest, number: str) -> HttpResponse:
    """The case with its citizen named, in the answer to this request only: nothing of it is kept in a session or address."""
    sheet = read_sheet(number=number)
    form = RevealForm(request.POST, auto_id="reveal_%s")
    if form.is_valid():
        with refusals(form, back=case_address(request, number)):
            person = reveal(
                citizen_id=sheet.case.citizen_id,
                purpose=form.cleaned_data["purpose"],
                by=request.user.username,
                now=timezone.now(),
            )
            return show_case(request, sheet, person=person)
    return show_case(request, sheet, {"reveal": form})


def keep_added(told: Mapping[str, Any], *, case: Case, by: str, now: datetime) -> list[str]:
    """Keep the file of a grounds form, if there is one: its reference. Raises ``Refused``."""
    upload = told["upload"]
    if not upload:
        return []
    if upload.size > MAX_BYTES:
        raise Refused(UploadFault.TOO_LARGE)
    kept = keep_upload(
        citizen=case.citizen, content=upload.read(), original_name=upload.name, by=by, now=now, case=case
    )
    return [f"file:{kept.pk}"]


@require_safe
@for_staff(*CASE_WORK)
def evidence_file(request: StaffRequest, number: str, evidence: int) -> HttpResponse:
    """A file of the case, to be saved; the citizen sees in their own history that it was read, and for what."""
    case = own_or_404(Case.objects.all(), number=number)
    own_or_404(Evidence.objects.filter(case=case), pk=evidence)
    return hand_out(
        request, evidence, purpose=_("review of case %(number)s") % {"number": case.number}, name=case.number
    )


def hand_out(request: StaffRequest, evidence: int, *, purpose: str, name: str) -> HttpResponse:
    """The file as an attachment under a name of ours, never opened by the browser."""
    found, content = read_evidence(evidence_id=evidence, by=request.user.username, purpose=purpose, now=timezone.now())
    response = HttpResponse(content, content_type=found.content_type)
    extension = found.content_type.rpartition("/")[2]
    response["Content-Disposition"] = f'attachment; filename="{name}-{found.pk}.{extension}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
