"""My code: the page a citizen opens every day, and the part of it that renews itself."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from codes.display.findings import findings_of
from codes.effective import CurrentCode, effective_code
from codes.glance import glance_at
from codes.models import Case, Citizen, DisplayCause, DisplayFinding
from codes.passes.issuing import issue_pass
from codes.vocabulary import State
from portal.citizen.code.detail import MyCode, my_code, progress, steps
from portal.citizen.entries import new_number
from portal.citizen.subject import SubjectRequest, for_subject
from portal.templatetags.page import label_of, titled
from portal.web.access import for_anyone
from portal.web.citizen_session import signed_in_citizen
from portal.web.host import required_city
from portal.web.qr import qr_svg
from regions.models import City

LONGEST_VALUE = 40


def pass_card(
    citizen: Citizen, standing: CurrentCode, *, now: datetime, key_number: int | None = None
) -> dict[str, Any]:
    """The face of this moment; its pass is good for a minute."""
    token, claims = issue_pass(citizen, now=now, current=standing, key_number=key_number)
    qr = qr_svg(token, _("Pass, renewed every minute"))
    return {"state": State(standing.colour), "qr": qr, "expires_at": claims.expires_at}


def policy_sentence(mine: MyCode, city: City) -> str:
    """Which rule of the city gave the effective colour."""
    policy, _sep, preferred = city.interim_policy.partition(":")
    if policy == "freshest":
        return _(
            "Your providers show different colours. Here the one whose data is newest counts until it is cleared up."
        )
    named = [side for side in mine.sides if policy == "prefer" and side.provider.code == preferred]
    if named and named[0].state.colour is not None:
        return _("Your providers show different colours. Here %(provider)s counts until it is cleared up.") % {
            "provider": titled(named[0].provider)
        }
    return _("Your providers show different colours. Here the stricter one counts until it is cleared up.")


def display_sentence(found: DisplayFinding) -> str:
    """What this person is wrongly shown elsewhere."""
    since = timezone.localtime(found.old_since or found.opened_at)
    words = {
        "provider": titled(found.provider),
        "colour": label_of(found.colour, "state") if found.colour else "",
        "value": Truncator(found.value).chars(LONGEST_VALUE),
        "since": date_format(since, "DATETIME_FORMAT"),
    }
    match DisplayCause(found.cause):
        case DisplayCause.OLD:
            text = _(
                "%(provider)s still shows an earlier colour (%(colour)s). It has been out of date since %(since)s."
            )
        case DisplayCause.UNKNOWN_VALUE:
            text = _("%(provider)s shows something that the city cannot read (%(value)s).")
        case DisplayCause.MAPPED_ELSEWHERE:
            text = _("The city may be misreading what %(provider)s shows: the colour you see there need not be wrong.")
        case _:
            text = _("%(provider)s shows another colour than it should (%(colour)s). Why is not known yet.")
    return text % words


def _shown_wrongly(subject: Citizen) -> list[DisplayFinding]:
    """Hardly ever any; of whoever signed in this is known without asking."""
    return findings_of(subject.pk) if getattr(subject, "shown_wrongly", True) else []


@for_subject
@require_safe
def code_page(request: SubjectRequest) -> HttpResponse:
    """The effective code with its pass, the four answers, both sides, the way to green."""
    now, city = timezone.now(), required_city(request)
    standing, glance = effective_code(request.subject.pk, now=now), glance_at(request.subject.pk)
    case = Case.objects.get(pk=glance.open_case) if glance.open_case else None
    due_at = case.due_at if case else None
    mine = my_code(request.subject, city=city, now=now, glance=glance, standing=standing, due_at=due_at)
    is_own = request.subject.pk == request.citizen.pk
    phone_waits = is_own and getattr(request.citizen, "phone_waits", False)
    context = {
        "mine": mine,
        # Below the face the page is that of everybody whose sides look alike.
        "is_plain": bool(mine.plain) and is_own and not case and not phone_waits,
        "face": pass_card(request.subject, standing, now=now, key_number=glance.key_number),
        "displayed": [(one, display_sentence(one)) for one in _shown_wrongly(request.subject)],
        "steps": steps(mine, request),
        "policy": policy_sentence(mine, city),
        "progress": progress(mine),
        "number": new_number(mine.today),
        "case": case,
        "phone_waits": phone_waits,
        "now": now,
    }
    return render(request, "citizen/code.html", context)


@for_subject
@require_safe
def pass_fragment(request: SubjectRequest) -> HttpResponse:
    """Only the face, for the page to put in place of the one that is about to expire."""
    now = timezone.now()
    standing = effective_code(request.subject.pk, now=now)
    return render(request, "citizen/face.html", {"face": pass_card(request.subject, standing, now=now), "now": now})


@for_anyone
@require_safe
def first_page(request: HttpRequest) -> HttpResponseBase:
    if signed_in_citizen(request, now=timezone.now()) is not None:
        return redirect("citizen_code")
    return render(request, "citizen/welcome.html")
