"""My code: the page a citizen opens every day, and the part of it that renews itself."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from codes.effective import effective_code
from codes.models import Case
from portal.citizen.lines import new_number
from portal.citizen.my_code import MyCode
from portal.citizen.policy import policy_sentence
from portal.citizen.progress import progress
from portal.citizen.reading import my_code
from portal.citizen.showing import face
from portal.citizen.subject import SubjectRequest, about_somebody
from portal.citizen.what_to_do import steps
from portal.web.host import city_here


@about_somebody
@require_safe
def show(request: SubjectRequest) -> HttpResponse:
    """The effective code with its pass, the four answers, both sides, the way to green."""
    now = timezone.now()
    case = open_case(request)
    mine = read(request, now=now, due_at=case.due_at if case else None)
    context = {
        "mine": mine,
        "face": face(request.subject, mine.standing, now=now),
        "steps": steps(mine, request),
        "policy": policy_sentence(mine, city_here(request)),
        "progress": progress(mine),
        "number": new_number(mine.today),
        "case": case,
        "now": now,
    }
    return render(request, "citizen/code.html", context)


@about_somebody
@require_safe
def renew(request: SubjectRequest) -> HttpResponse:
    """Only the face, for the page to put in place of the one that is about to expire."""
    now = timezone.now()
    standing = effective_code(request.subject.pk)
    return render(request, "citizen/face.html", {"face": face(request.subject, standing, now=now), "now": now})


def read(request: SubjectRequest, *, now: datetime, due_at: datetime | None = None) -> MyCode:
    """What the page is about, of the request's city."""
    return my_code(request.subject, city=city_here(request), now=now, due_at=due_at)


def open_case(request: SubjectRequest) -> Case | None:
    """The matter that is being looked into, an appeal before anything else."""
    cases = Case.objects.open().filter(citizen=request.subject).order_by("kind")
    return cases.first()
