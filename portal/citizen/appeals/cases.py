"""A citizen's cases: the timeline, answering questions, withdrawing an appeal, and objecting to a denial."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.models import Appeal, Case, CaseEvent, Evidence, InformationRequest
from codes.models.case import DECIDED, CaseState
from codes.review.appeals.appeals import log_disagreement, withdraw
from codes.review.cases.transitions import Verb
from codes.review.evidence.files import read_evidence
from codes.review.information import answer
from portal.citizen.appeals.forms import AnswerForm, ObjectionForm, UploadForm
from portal.citizen.appeals.views import change_files, draft_files
from portal.citizen.code.sentences import decision_sentence, end_reason, ended_early, outcome_sentence
from portal.citizen.subject import SubjectRequest, acting_citizen, for_subject, subject_url, typed_here
from portal.web.attachments import evidence_attachment
from portal.web.bodies import takes_file
from portal.web.errors import refusal_text
from portal.web.keyset import keyset_page
from regions.refusals import Refused

# Transitions that the citizen's timeline leaves out.
INTERNAL_VERBS = frozenset(
    {
        Verb.ASSIGN,
        Verb.TAKE_OVER,
        Verb.PUT_BACK,
        Verb.RELINK,
        Verb.EXPLAIN,
        Verb.PROPOSE,
        Verb.WITHDRAW_PROPOSAL,
        Verb.REFUSE,
    }
)


@dataclass(frozen=True)
class TimelineStep:
    """A line of the timeline. ``state`` is ``done``, ``now`` or ``ahead``."""

    title: str
    at: datetime | None = None
    text: str = ""
    state: str = "done"


def timeline(case: Case) -> list[TimelineStep]:
    """Return the steps, the latest first. If the case is open, the first steps are those to come, with their deadlines."""
    steps = [
        TimelineStep(_("a review was opened") if event.verb == Verb.OPEN else str(Verb(event.verb).label), event.at)
        for event in CaseEvent.objects.filter(case=case)
        if Verb(event.verb) not in INTERNAL_VERBS
    ]
    if case.ruling and (ended_at := ended_early(case.ruling)):
        steps.append(
            TimelineStep(_("the decision was ended before its day"), ended_at, capfirst(end_reason(case.ruling)))
        )
    return [*reversed(steps if case.closed_at else [*steps, *_next_steps(case)])]


def _next_steps(case: Case) -> list[TimelineStep]:
    if case.paused_at:
        return [
            TimelineStep(
                _("Your answer is waited for"), text=_("The deadline is paused until you have answered."), state="now"
            )
        ]
    steps = []
    if case.first_look_due_at and case.first_looked_at is None:
        steps.append(
            TimelineStep(
                _("An official looks at it for the first time"),
                case.first_look_due_at,
                _by_when(case.first_look_due_at),
                state="ahead",
            )
        )
    decided = (
        _("A second official decides about it, and you are answered here")
        if case.state == CaseState.PROPOSED
        else _("It is decided, and you are answered here")
    )
    steps.append(TimelineStep(decided, case.due_at, _by_when(case.due_at), state="ahead"))
    return steps


def _by_when(due: datetime) -> str:
    return _("was due by then, and is late") if due <= timezone.now() else _("at the latest")


@for_subject
@require_safe
def case_list(request: SubjectRequest) -> HttpResponse:
    page = keyset_page(Case.objects.filter(citizen=request.subject), request.GET, by=["-opened_at", "-id"], size=20)
    return render(request, "citizen/cases/list.html", {"page": page})


@for_subject
@require_safe
def case_page(request: SubjectRequest, number: str) -> HttpResponse:
    return _show(request, _case(request, number))


@for_subject
@require_POST
def withdraw_appeal(request: SubjectRequest, number: str) -> HttpResponse:
    case = _case(request, number)
    try:
        withdraw(case_id=case.pk, by=acting_citizen(request), now=timezone.now())
    except Refused as refused:
        messages.warning(request, refusal_text(refused))
    else:
        messages.success(request, _("Your appeal is withdrawn. You can file another one."))
    return redirect(subject_url(request, "citizen_case", number=number))


@for_subject
@require_POST
def object_to_denial(request: SubjectRequest, number: str) -> HttpResponse:
    case = _case(request, number)
    form = ObjectionForm(request.POST)
    if form.is_valid():
        try:
            log_disagreement(
                case_id=case.pk, text=form.cleaned_data["text"], by=acting_citizen(request), now=timezone.now()
            )
        except Refused as refused:
            form.add_error(None, refusal_text(refused))
        else:
            messages.success(request, _("Your disagreement is on record. Whoever looks at it next reads it."))
            return redirect(subject_url(request, "citizen_case", number=number))
    return _show(request, case, objection=form)


def _answered_sentence(case: Case) -> str:
    """Return a sentence saying that the answer has arrived, what happens next and by when."""
    sentence = _(
        "Your answer has arrived, and the deadline runs again. An official reads it and decides; you are answered here by "
        "%(at)s at the latest. Nothing more has to be done about it until then."
    )
    return sentence % {"at": date_format(timezone.localtime(case.due_at), "DATETIME_FORMAT")}


@takes_file
@for_subject
@require_http_methods(["POST"])
def answer_question(request: SubjectRequest, number: str) -> HttpResponse:
    """Answer the official's question, with files if there are any.

    Files are stored one by one before the answer is sent.
    """
    case = _case(request, number)
    upload = change_files(request)
    if upload is None and request.POST.get("act") != "send":
        return redirect(subject_url(request, "citizen_case", number=number))
    if upload is not None and upload.is_bound:
        return _show(request, case, upload=upload, reply=AnswerForm(request.POST))
    question = get_object_or_404(InformationRequest.objects.filter(case=case), state=InformationRequest.State.OPEN)
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            answered = answer(
                request_id=question.pk,
                text=form.cleaned_data["text"],
                by=acting_citizen(request),
                now=timezone.now(),
                evidence_ids=[file.pk for file in draft_files(request)],
            )
        except Refused as refused:
            form.add_error(None, refusal_text(refused))
        else:
            messages.success(request, _answered_sentence(answered.case))
            return redirect(subject_url(request, "citizen_case", number=number))
    return _show(request, case, reply=form)


@for_subject
@require_safe
def evidence_file(request: SubjectRequest, number: str, evidence: int) -> HttpResponse:
    """Return one of the case's files as an attachment. The portal never displays it."""
    case = _case(request, number)
    get_object_or_404(Evidence.objects.filter(case=case), pk=evidence)
    found, content = read_evidence(evidence_id=evidence, by=acting_citizen(request), purpose="", now=timezone.now())
    return evidence_attachment(found, content, of=case.number)


def _case(request: SubjectRequest, number: str) -> Case:
    return get_object_or_404(Case.objects.filter(citizen=request.subject), number=number)


def _show(
    request: SubjectRequest,
    case: Case,
    *,
    objection: ObjectionForm | None = None,
    reply: AnswerForm | None = None,
    upload: UploadForm | None = None,
) -> HttpResponse:
    now = timezone.now()
    appeal = Appeal.objects.select_related("provider", "fact").filter(case=case).first()
    questions = list(InformationRequest.objects.filter(case=case).order_by("-pk"))
    question = next((one for one in questions if one.state == InformationRequest.State.OPEN), None)
    state, typed = CaseState(case.state), typed_here(request)
    context = {
        "case": case,
        "state": state,
        "outcome": outcome_sentence(case) if state in DECIDED else "",
        "decision": decision_sentence(case.ruling) if case.ruling else "",
        "appeal": appeal,
        "steps": timeline(case),
        "files": list(Evidence.objects.filter(case=case).order_by("pk")),
        "question": question,
        "answered": [one for one in questions if one.state == InformationRequest.State.ANSWERED],
        "drafts": list(draft_files(request)) if question else [],
        "reply": reply or AnswerForm(initial=typed),
        "upload": upload or UploadForm(),
        "city_corrections": case.city_corrections.sent().select_related("neighbour").order_by("pk"),
        "may_withdraw": appeal is not None and case.closed_at is None and now <= appeal.withdraw_until,
        "may_object": appeal is not None and state is CaseState.DENIED,
        "objection": objection or ObjectionForm(initial=typed),
        "now": now,
    }
    invalid = any(form is not None and form.errors for form in (objection, reply, upload))
    return render(request, "citizen/cases/case.html", context, status=422 if invalid else 200)
