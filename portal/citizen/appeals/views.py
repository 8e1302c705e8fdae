"""Filing an appeal, page by page: record, reason, evidence, statement, check."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from codes.models import Case, Evidence
from codes.review.appeals.appeals import file_appeal
from codes.review.appeals.policy import EVIDENCE_FOR, AppealReason, Asked
from codes.review.evidence.faults import MAX_BYTES, UploadFault
from codes.review.evidence.files import discard_draft, keep_upload
from portal.citizen.appeals.forms import Choice, ReasonForm, StatementForm, TargetForm, UploadForm, choices_of
from portal.citizen.subject import SubjectRequest, acting_citizen, for_subject, subject_url, typed_here
from portal.web.bodies import takes_file
from portal.web.errors import refusal_text, text_or_raise
from portal.web.kept_forms import Draft
from regions.numbers import number_of
from regions.refusals import Refused


def draft_files(request: SubjectRequest) -> QuerySet[Evidence]:
    mine = Evidence.objects.filter(citizen=request.subject, uploaded_by=acting_citizen(request))
    return mine.drafts().order_by("pk")


def change_files(request: SubjectRequest) -> UploadForm | None:
    """Add a file to the draft or remove one, as ``act`` asks. Return ``None`` if that was done, otherwise the form.

    Raises ``NotFound`` for a file that is not a draft of this citizen.
    """
    act = request.POST.get("act", "")
    who: dict[str, Any] = {"by": acting_citizen(request), "now": timezone.now()}
    if act.startswith("drop-"):
        evidence = act.removeprefix("drop-")
        discard_draft(evidence_id=number_of(evidence) or 0, **who)
        return None
    if act != "add" and not request.FILES:
        return UploadForm()
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            if file.size > MAX_BYTES:
                raise Refused(UploadFault.TOO_LARGE)
            keep_upload(citizen=request.subject, content=file.read(), original_name=file.name, **who)
        except Refused as bad:
            form.add_error("file", text_or_raise(bad, back=request.path))
    return form if form.errors else None


PLACES = {"target": 1, "reason": 2, "evidence": 3, "words": 4, "check": 5}


def current_draft(request: SubjectRequest) -> Draft:
    """Return the draft, read once per request."""
    draft: Draft | None = getattr(request, "appeal_draft", None)
    if draft is None:
        draft = request.appeal_draft = Draft(request.citizen, "appeal", request.subject.ref)  # type: ignore[attr-defined]
    return draft


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: SubjectRequest) -> HttpResponse:
    """Choose the record. A citizen who cannot appeal is shown what else they can do."""
    under_way = Case.objects.open().filter(citizen=request.subject, kind=Case.Kind.APPEAL).first()
    choices = choices_of(request.subject)
    possible = [one for one in choices if one.target.may_appeal]
    if under_way or not possible:
        context = {"under_way": under_way, "choices": choices}
        return render(request, "citizen/appeal/cannot.html", context)
    form = TargetForm(
        request.POST if request.method == "POST" else None,
        choices=possible,
        initial={"target": possible[0].key, **typed_here(request)},
    )
    if request.method == "POST" and form.is_valid():
        draft = current_draft(request)
        if draft.answers.get("target") != form.cleaned_data["target"]:
            draft.replace({"target": form.cleaned_data["target"]})
        return redirect(subject_url(request, "citizen_appeal_reason"))
    others = [one for one in choices if not one.target.may_appeal]
    return _page(request, "target", form, template="target", others=others, choices=possible)


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def reason(request: SubjectRequest) -> HttpResponse:
    choice = _selected_choice(request)
    if choice is None:
        return redirect(subject_url(request, "citizen_appeal"))
    draft = current_draft(request)
    initial = {"reason": draft.answers.get("reason"), **typed_here(request)}
    form = ReasonForm(
        request.POST if request.method == "POST" else None, reasons=choice.target.reasons, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        draft.keep("reason", form.cleaned_data["reason"])
        asked = EVIDENCE_FOR[AppealReason(form.cleaned_data["reason"])]
        return redirect(subject_url(request, "citizen_appeal_evidence" if asked.files else "citizen_appeal_words"))
    return _page(request, "reason", form, back="citizen_appeal", choice=choice)


@takes_file
@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def evidence(request: SubjectRequest) -> HttpResponse:
    """Upload evidence. Each file is checked and stored immediately, so that a fault is reported immediately."""
    asked = _evidence_asked(request)
    if asked is None:
        return redirect(subject_url(request, "citizen_appeal_reason"))
    form = change_files(request)
    if form is None or (request.POST.get("act") == "on" and not form.errors):
        is_done = request.POST.get("act") == "on" and draft_files(request).count() >= asked.files
        return redirect(subject_url(request, "citizen_appeal_words" if is_done else "citizen_appeal_evidence"))
    files = list(draft_files(request))
    context = {"files": files, "enough": len(files) >= asked.files, "asked": asked.label}
    return _page(request, "evidence", form, template="evidence", back="citizen_appeal_reason", **context)


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def words(request: SubjectRequest) -> HttpResponse:
    asked = _evidence_asked(request)
    if asked is None:
        return redirect(subject_url(request, "citizen_appeal_reason"))
    draft = current_draft(request)
    form = StatementForm(
        request.POST if request.method == "POST" else None,
        asked=asked,
        initial={**draft.answers.get("words", {}), **typed_here(request)},
    )
    if request.method == "POST" and form.is_valid():
        tested_on = form.cleaned_data.get("tested_on")
        draft.keep(
            "words", {"text": form.cleaned_data["text"], "tested_on": tested_on.isoformat() if tested_on else None}
        )
        return redirect(subject_url(request, "citizen_appeal_check"))
    back = "citizen_appeal_evidence" if asked.files else "citizen_appeal_reason"
    return _page(request, "words", form, back=back)


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: SubjectRequest) -> HttpResponse:
    """Show all answers. A POST request files the appeal."""
    choice, asked, answers = _selected_choice(request), _evidence_asked(request), current_draft(request).answers
    if "sent" in answers:
        return redirect(subject_url(request, "citizen_appealed", number=answers["sent"]))
    if choice is None or asked is None or "words" not in answers:
        return redirect(subject_url(request, "citizen_appeal"))
    files = list(draft_files(request))
    fault = ""
    if request.method == "POST":
        try:
            filed = file_appeal(
                citizen=request.subject,
                provider=choice.target.provider,
                rule=choice.target.rule,
                fact_id=choice.target.fact_id,
                reason_code=answers["reason"],
                by=acting_citizen(request),
                now=timezone.now(),
                text=answers["words"]["text"],
                tested_on=_day(answers["words"]["tested_on"]),
                evidence_ids=[file.pk for file in files],
            )
        except Refused as refused:
            fault = refusal_text(refused)
        else:
            current_draft(request).replace({"sent": filed.number})
            return redirect(subject_url(request, "citizen_appealed", number=filed.number))
    context = {
        "choice": choice,
        "reason": AppealReason(answers["reason"]),
        "words": {**answers["words"], "tested_on": _day(answers["words"]["tested_on"])},
        "files": files,
        "wants_files": asked.files,
        "fault": fault,
    }
    return _page(request, "check", None, template="check", back="citizen_appeal_words", **context)


@for_subject
@require_safe
def done(request: SubjectRequest, number: str) -> HttpResponse:
    """Show the number of the appeal, what happens next and by when.

    If the case is closed, redirect to it, because the browser's Back button may lead here.
    """
    appeals = Case.objects.select_related("appeal").filter(citizen=request.subject, kind=Case.Kind.APPEAL)
    found = get_object_or_404(appeals, number=number)
    if found.closed_at:
        return redirect(subject_url(request, "citizen_case", number=number))
    may_withdraw = timezone.now() <= found.appeal.withdraw_until
    return render(request, "citizen/appeal/done.html", {"case": found, "may_withdraw": may_withdraw})


def _selected_choice(request: SubjectRequest) -> Choice | None:
    """Return the record chosen in the draft, if it still holds the code and can be appealed against."""
    key = current_draft(request).answers.get("target", "")
    return next((one for one in choices_of(request.subject) if one.key == key and one.target.may_appeal), None)


def _evidence_asked(request: SubjectRequest) -> Asked | None:
    code = current_draft(request).answers.get("reason", "")
    return EVIDENCE_FOR[AppealReason(code)] if code in set(AppealReason) else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _page(
    request: SubjectRequest,
    page: str,
    form: Any,
    *,
    template: str = "question",
    back: str = "citizen_code",
    **more: Any,
) -> HttpResponse:
    context = {"form": form, "place": PLACES[page], "places": len(PLACES), "back": subject_url(request, back), **more}
    return render(request, f"citizen/appeal/{template}.html", context)
