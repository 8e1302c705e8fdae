"""The pages of a declaration, in order."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from codes.intake.results import BadLine
from codes.models import Entry, Provider, Registration
from codes.runs.ledger import next_run_due
from portal.citizen import entries as lines
from portal.citizen.declarations.forms import (
    ArrivalForm,
    ContactForm,
    ProvidersForm,
    QuestionForm,
    StayForm,
    SymptomsForm,
    answer_rows,
)
from portal.citizen.subject import SubjectRequest, acting_citizen, for_subject, name_of_ward, subject_url, typed_here
from portal.templatetags.page import titled
from portal.web.errors import refusal_text
from portal.web.kept_forms import Draft
from regions.numbers import number_of

PAGES: dict[str, type[QuestionForm]] = {
    "to": ProvidersForm,
    "symptoms": SymptomsForm,
    "contact": ContactForm,
    "stays": StayForm,
    "arrival": ArrivalForm,
}
ORDER = [*PAGES, "check"]
MOST_STAYS = 20


def current_draft(request: SubjectRequest) -> Draft:
    return Draft(request.citizen, "declaration", request.subject.ref)


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: SubjectRequest) -> HttpResponse:
    """Continue with the first page that is not answered. A POST request starts again."""
    if request.method == "POST":
        current_draft(request).drop()
    missing = _first_unanswered(request)
    if missing == "check":
        return redirect(subject_url(request, "citizen_declare_check"))
    return redirect(subject_url(request, "citizen_declare_page", page=missing))


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: SubjectRequest, page: str) -> HttpResponse:
    """Show one question. If an earlier page is not answered, redirect to the first such page."""
    if page not in PAGES:
        raise Http404
    missing, draft = _first_unanswered(request), current_draft(request)
    if page != ORDER[0] and missing == ORDER[0] and "sent" in draft.answers:
        return redirect(subject_url(request, "citizen_declared", number=draft.answers["sent"]))
    if ORDER.index(page) > ORDER.index(missing):
        return redirect(subject_url(request, "citizen_declare_page", page=missing))
    if page == "stays":
        return _stays(request)
    if request.method == "POST":
        form = _form(request, page, request.POST)
        if form.is_valid():
            draft.forget("sent")
            draft.keep(page, form.answer())
            return redirect(_next_url(request, page))
    else:
        held = draft.answers.get(page)
        form = _form(request, page, None, {**(PAGES[page].initial_of(held) if held else {}), **typed_here(request)})
    return _show(request, page, form)


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: SubjectRequest) -> HttpResponse:
    """Show all answers; a POST request sends them.

    The number belongs to the draft, so sending twice makes one declaration. Somebody who returns to a sent draft is
    shown the declaration.
    """
    missing, draft, now = _first_unanswered(request), current_draft(request), timezone.now()
    if missing != "check":
        if "sent" in draft.answers:
            return redirect(subject_url(request, "citizen_declared", number=draft.answers["sent"]))
        return redirect(subject_url(request, "citizen_declare_page", page=missing))
    if "number" not in draft.answers:
        draft.keep("number", lines.new_number(timezone.localdate(now)))
    answers, fault = draft.answers, ""
    if request.method == "POST":
        try:
            lines.declare(
                request.subject,
                _answer_line(answers),
                providers=answers["to"]["providers"],
                number=answers["number"],
                by=acting_citizen(request),
                now=_sent_at(draft, now),
            )
        except BadLine as refusal:
            draft.forget("sent_at")
            fault = refusal_text(refusal)
        else:
            draft.replace({"sent": answers["number"]})
            return redirect(subject_url(request, "citizen_declared", number=answers["number"]))
    return render(
        request, "citizen/declare/check.html", {"rows": answer_rows(answers, _provider_titles()), "fault": fault}
    )


@for_subject
@require_safe
def done(request: SubjectRequest, number: str) -> HttpResponse:
    """Show the confirmation. Answer 404 for a declaration that is not the subject's."""
    entries = Entry.objects.filter(citizen=request.subject, entry_id=number, type="declaration")
    found = list(entries.select_related("provider").order_by("provider__code"))
    if not found:
        raise Http404
    counts_from = next_run_due(now=max(one.received_at for one in found))
    return render(
        request, "citizen/declare/done.html", {"number": number, "entries": found, "counts_from": counts_from}
    )


def _stays(request: SubjectRequest) -> HttpResponse:
    """Add a place, remove one, or go on."""
    draft = current_draft(request)
    stays: list[dict[str, Any]] = draft.answers.get("stays", [])
    act = request.POST.get("act", "")
    if act in ("none", "on") and any(request.POST.get(name) for name in StayForm.base_fields):
        act = "add"  # a place was typed but not added yet
    if act in ("none", "on"):
        draft.keep("stays", stays if act == "on" else [])
        return redirect(_next_url(request, "stays"))
    if act.startswith("drop-") and (dropped := number_of(act[5:], digits=4)) is not None:
        draft.keep("stays", [stay for place, stay in enumerate(stays) if place != dropped])
        return redirect(subject_url(request, "citizen_declare_page", page="stays"))
    form = StayForm(request.POST if act == "add" else None, initial=typed_here(request))
    if len(stays) >= MOST_STAYS and form.is_bound:
        form.add_error(
            None, _("A declaration has %(n)s places at most. Take one away first.") % {"n": localize(MOST_STAYS)}
        )
    if act == "add" and form.is_valid():
        stay = form.answer()
        draft.keep("stays", stays if stay in stays else [*stays, stay])
        return redirect(subject_url(request, "citizen_declare_page", page="stays"))
    return _show(request, "stays", form, stays=stays)


def _show(request: SubjectRequest, page: str, form: QuestionForm, **more: Any) -> HttpResponse:
    place = ORDER.index(page)
    context = {
        "form": form,
        "place": place + 1,
        "places": len(ORDER),
        "back": subject_url(request, "citizen_declare_page", page=ORDER[place - 1])
        if place
        else subject_url(request, "citizen_code"),
        **more,
    }
    return render(request, f"citizen/declare/{'stays' if page == 'stays' else 'question'}.html", context)


def _form(request: SubjectRequest, page: str, data: Any, initial: dict[str, Any] | None = None) -> QuestionForm:
    form = PAGES[page](data, initial=initial)
    if name := name_of_ward(request):
        form.ask_about(name)
    if isinstance(form, ProvidersForm):
        titles = _provider_titles()
        own = Registration.objects.filter(citizen=request.subject).values_list("provider__code", flat=True)
        form.fields["providers"].choices = list(titles.items())  # type: ignore[attr-defined]  # it is a choice field
        form.fields["providers"].initial = list(own) or list(titles)
    return form


def _provider_titles() -> dict[str, str]:
    return {provider.code: titled(provider) for provider in Provider.objects.current().order_by("code")}


def _first_unanswered(request: SubjectRequest) -> str:
    answered = current_draft(request).answers
    return next((page for page in PAGES if page not in answered), "check")


def _next_url(request: SubjectRequest, page: str) -> str:
    """Return the next page, or the check page if every page is already answered."""
    if _first_unanswered(request) == "check":
        return subject_url(request, "citizen_declare_check")
    return subject_url(request, "citizen_declare_page", page=ORDER[ORDER.index(page) + 1])


def _answer_line(answers: dict[str, Any]) -> dict[str, Any]:
    return {**answers["symptoms"], **answers["contact"], "area_stays": answers["stays"], **answers["arrival"]}


def _sent_at(draft: Draft, now: datetime) -> datetime:
    """Return the time of the first attempt, so that a second attempt sends exactly the same line."""
    if "sent_at" not in draft.answers:
        draft.keep("sent_at", now.isoformat())
    return datetime.fromisoformat(draft.answers["sent_at"])
