"""What a suspended city answers (``docs/adr/0058-the-province.md``): its staff read, everybody else is told why nothing more is.

No colour leaves the city meanwhile: neither a page nor a gate, the API or another city takes what cannot be judged for green.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import get_language
from django_htmx.http import HttpResponseClientRedirect

from portal.answering import wants_problem
from portal.api.errors import ApiError, ApiErrorCode, problem_response
from portal.web.errors import retry_later
from portal.web.host import city_of
from regions.models import City
from regions.vocabulary import SuspensionReason, label_in

ASK_AGAIN_SECONDS = 600
READING = ("GET", "HEAD", "OPTIONS")
# To change the language, to read what the portal is, and for staff to come in and go.
ALWAYS = ("/display/", "/guide/")
DOOR = tuple(f"/staff/{page}/" for page in ("sign-in", "sign-out", "account", "enrol", "single-sign-on"))
TOLD_BY = "X-City-Suspended"


class SuspensionMiddleware(MiddlewareMixin):
    """Lets through what a suspended city still does, and answers 503 to everything else."""

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        city = city_of(request)
        if city is None or city.suspended_since is None or _is_let_through(request):
            return None
        response = _answer(request, city)
        response.headers[TOLD_BY] = "1"
        return response


def _is_let_through(request: HttpRequest) -> bool:
    path = request.path_info
    if path.startswith(ALWAYS):
        return True
    return path.startswith("/staff/") and (request.method in READING or path.startswith(DOOR))


def _answer(request: HttpRequest, city: City) -> HttpResponse:
    path = request.path_info
    if wants_problem(path):
        return problem_response(ApiError(503, ApiErrorCode.SUSPENDED, wait=ASK_AGAIN_SECONDS))
    if request.headers.get("HX-Request"):
        # Part of a page that was opened before: the whole page goes, so that no code of before stays in it.
        return HttpResponseClientRedirect("/staff/" if path.startswith("/staff/") else "/")
    context = {
        "since": city.suspended_since,
        "reason": label_in(get_language() or "en", SuspensionReason(city.suspended_for)),
        "hotline": city.hotline,
    }
    name = "staff" if path.startswith("/staff/") else "gate" if path.startswith("/gate/") else "citizen"
    page = render(request, f"errors/suspended_{name}.html", context, status=503)
    return retry_later(page, ASK_AGAIN_SECONDS)
