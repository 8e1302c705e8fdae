"""Internal notes: writing one on the page of a case, and the list of unopened notes that mention the reader."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.models import NoteMention
from codes.review.cases.notes import open_mention, write_note
from portal.official.cases.detail import read_case
from portal.official.cases.forms import NoteForm
from portal.official.cases.views import submit_case_form
from portal.web.access import StaffRequest, for_staff
from portal.web.keyset import keyset_page
from regions.staff.roles import CASE_WORK

PAGE = 50


@require_POST
@for_staff(*CASE_WORK)
def write(request: StaffRequest, number: str) -> HttpResponse:
    detail = read_case(number=number)
    form = NoteForm(request.POST, auto_id="note_%s")
    return submit_case_form(
        request,
        detail,
        ("note", form),
        lambda _data, **who: write_note(case_id=detail.case.pk, text=form.text(), **who),
        done=_("The note is kept."),
    )


@require_safe
@for_staff(*CASE_WORK)
def mentions(request: StaffRequest) -> HttpResponse:
    """List the unopened notes that mention the reader, the newest first."""
    waiting = NoteMention.objects.filter(username=request.user.username, opened_at=None)
    page = keyset_page(waiting.select_related("note__case__citizen"), request.GET, by=["-id"], size=PAGE)
    return render(request, "official/cases/mentions.html", {"page": page})


@require_POST
@for_staff(*CASE_WORK)
def open_mentioned(request: StaffRequest, mention_id: int) -> HttpResponse:
    """Mark the mention as opened and redirect to its case. Answer 404 for a mention of somebody else."""
    mention = open_mention(mention_id=mention_id, by=request.user.username, now=timezone.now())
    return redirect("official_case", mention.note.case.number)
