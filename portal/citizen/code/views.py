"""My code: the page that a citizen opens every day, and the part of it that is refreshed."""

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import lru_cache
from hashlib import md5
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from codes.display.findings import findings_of
from codes.effective import CurrentCode
from codes.glance import Glance, code_and_glance
from codes.models import Citizen, DisplayFinding
from codes.passes.issuing import issue_pass
from codes.passes.token import LIFETIME
from codes.vocabulary import Because, State
from portal.citizen.code.drawing import drawn, key_of
from portal.citizen.code.loading import read_code
from portal.citizen.code.no_colour import why_without_colour
from portal.citizen.code.sentences import (
    display_sentence,
    entered_sentences,
    headline,
    outcome_sentence,
    policy_sentence,
    progress,
    reason_sentences,
    ruling_sentences,
    until_sentences,
)
from portal.citizen.code.steps import Step, steps
from portal.citizen.entries import new_number
from portal.citizen.subject import SubjectRequest, for_subject_with_code
from portal.templatetags.citizen import display_name
from portal.web.access import for_anyone
from portal.web.citizen_session import signed_in_citizen
from portal.web.host import required_city
from portal.web.qr import pass_svg
from regions.keys.encryption import decrypt_number
from regions.masking import mask_name, mask_number

# As in ``tokens.css``. An installed page shows its bar in this colour before any style sheet is loaded.
THEME_COLOUR, BACKGROUND_COLOUR = "#1b4f72", "#fbfaf7"


def pass_card(
    citizen: Citizen, standing: CurrentCode, *, now: datetime, key_number: int | None = None
) -> dict[str, Any]:
    """Return the code's face at ``now``. Its pass is valid for one minute."""
    token, claims = issue_pass(citizen, now=now, current=standing, key_number=key_number)
    qr = pass_svg(token, _("Pass, renewed every minute"))
    return {"state": State(standing.colour), "qr": qr, "expires_at": claims.expires_at}


def _shown_wrongly(subject: Citizen) -> list[DisplayFinding]:
    """Return the wrong displays of the subject's code.

    For the signed-in citizen the session already shows whether there are any, which is rare.
    """
    return findings_of(subject.pk) if getattr(subject, "shown_wrongly", True) else []


def _code_and_glance(subject: Citizen, *, now: datetime) -> tuple[CurrentCode, Glance]:
    """Return the code and the glance. For the signed-in citizen they were read with the session."""
    return getattr(subject, "code_and_glance", None) or code_and_glance(subject.pk, now=now)


@for_subject_with_code
@require_safe
def code_page(request: SubjectRequest) -> HttpResponse:
    """Show the headline and first step, the code with its pass, the explanations, the providers' sides, and the way to green."""
    now = timezone.now()
    standing, glance = _code_and_glance(request.subject, now=now)
    return _drawn(request, "citizen/code.html", standing, glance, now=now)


@for_subject_with_code
@require_safe
def pass_fragment(request: SubjectRequest) -> HttpResponse:
    """Return the face that replaces the one about to expire.

    If the code has changed since the page was loaded (``seen``), return all its texts as well.

    So a face is never shown next to the text of another colour.
    """
    now = timezone.now()
    standing, glance = _code_and_glance(request.subject, now=now)
    if request.GET.get("seen") in (None, _version(request, standing, glance, now=now)):
        return HttpResponse(_face(request.subject, standing, glance, now=now))
    response = _drawn(request, "citizen/code_anew.html", standing, glance, now=now)
    response.headers["HX-Retarget"] = "#reading"
    return response


def _face(subject: Citizen, standing: CurrentCode, glance: Glance, *, now: datetime) -> str:
    card = pass_card(subject, standing, now=now, key_number=glance.key_number)
    around = _around(
        State(standing.colour), now.replace(microsecond=0), get_language() or "", str(timezone.get_current_timezone())
    )
    return around.replace(QR, card["qr"])


# Placeholder for the QR code. Its delimiters are private-use characters, which occur in no text.
QR = "\ue000qr\ue001"


@lru_cache(maxsize=64)
def _around(state: State, second: datetime, _language: str, _zone: str) -> str:
    """Return the face without the QR code. It is the same for everybody who has this colour in this second."""
    face = {"state": state, "qr": QR, "expires_at": second + LIFETIME}
    return str(render_to_string("citizen/face.html", {"face": face, "now": second}))


def _drawn(
    request: SubjectRequest, template: str, standing: CurrentCode, glance: Glance, *, now: datetime
) -> HttpResponse:
    """Return the page, from the cache if a page with the same content was rendered before for anybody."""
    name = "" if request.subject.pk == request.citizen.pk else _called(request.subject)
    moment = {
        "face": lambda: _face(request.subject, standing, glance, now=now),
        "version": lambda: _version(request, standing, glance, now=now),
        "number": lambda: new_number(required_city(request).day_of(now)),
        "since": lambda: _written(standing.since) if standing.since else "",
        "called": lambda: conditional_escape(
            display_name(request.subject) if request.subject.full_name or name else _("Myself")
        ),
        "csrf_token": lambda: get_token(request),
    }
    key = key_of(request, standing, glance, now=now, name=name, about=_about(request))
    return drawn(
        request,
        template,
        key=f"{template}:{key}" if key else "",
        content=lambda: _content(request, standing, glance, name, now=now),
        moment=moment,
    )


def _written(instant: datetime) -> str:
    local = timezone.localtime(instant)
    return _midnight(local.date(), get_language() or "").replace("00:00", f"{local:%H:%M}")


@lru_cache(maxsize=1024)
def _midnight(day: date, _language: str) -> str:
    """Return the day formatted as a datetime at midnight.

    It is cached because formatting the day takes most of the time of formatting a datetime.
    """
    return date_format(datetime.combine(day, time.min), "DATETIME_FORMAT")


def _about(request: SubjectRequest) -> list[Any]:
    """Return what was read about the subject with the session."""
    return [getattr(request.subject, name, None) for name in ("shown_wrongly", "phone_waits", "has_unread")]


def _version(request: SubjectRequest, standing: CurrentCode, glance: Glance, *, now: datetime) -> str:
    """Return a digest that changes with everything from which the page's sentences are made."""
    state = repr((standing, glance, required_city(request).day_of(now), _about(request)))
    return md5(state.encode(), usedforsecurity=False).hexdigest()


def _content(
    request: SubjectRequest, standing: CurrentCode, glance: Glance, name: str, *, now: datetime
) -> dict[str, Any]:
    city = required_city(request)
    reading = read_code(request.subject, city=city, now=now, glance=glance, standing=standing, name=name)
    todo = steps(reading, request)
    return {
        "mine": reading,
        "headline": headline(reading, todo),
        "displayed": [(one, display_sentence(one)) for one in _shown_wrongly(request.subject)],
        "first_step": _first(todo),
        "steps": todo,
        "reasons": reason_sentences(reading),
        "lacking": why_without_colour(reading),
        "until": until_sentences(reading),
        "decided": ruling_sentences(reading),
        "entered": entered_sentences(reading, now=now),
        "outcome": outcome_sentence(reading.outcome) if reading.outcome else "",
        "policy": policy_sentence(reading, city) if reading.because is Because.POLICY else "",
        "progress": progress(reading),
        "may_appeal": reading.may_appeal,
        "phone_waits": not name and getattr(request.citizen, "phone_waits", False),
    }


def _called(subject: Citizen) -> str:
    """Return what a guardian calls the subject: the masked name, or the masked number of a person without a name."""
    if subject.full_name:
        return mask_name(subject.full_name)
    return mask_number(decrypt_number(bytes(subject.id_encrypted)))


def _first(todo: Sequence[Step]) -> Step | None:
    """Return the step whose button is shown next to the headline."""
    return next((step for step in todo if step.short and step.link), None)


@for_anyone
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Return the web app manifest for installing the page on a phone.

    Nothing is cached there: the page shows the current code or does not open.
    """
    name = required_city(request).name_in(get_language() or "")
    pictures = [("192", "any"), ("512", "any"), ("512", "maskable")]
    return JsonResponse(
        {
            "id": reverse("citizen_code"),
            "name": _("%(city_name)s health code") % {"city_name": name},
            "short_name": _("Health code"),
            "lang": get_language(),
            "start_url": reverse("citizen_code"),
            "scope": reverse("citizen_home"),
            "display": "standalone",
            "theme_color": THEME_COLOUR,
            "background_color": BACKGROUND_COLOUR,
            "icons": [
                {
                    "src": static(f"portal/icon-{size}{'-maskable' if purpose == 'maskable' else ''}.png"),
                    "sizes": f"{size}x{size}",
                    "type": "image/png",
                    "purpose": purpose,
                }
                for size, purpose in pictures
            ],
        },
        content_type="application/manifest+json",
    )


@for_anyone
@require_safe
def first_page(request: HttpRequest) -> HttpResponseBase:
    if signed_in_citizen(request, now=timezone.now()) is not None:
        return redirect("citizen_code")
    return render(request, "citizen/welcome.html")
