"""Answers of a suspended city (``docs/adr/0058-the-province.md``): its staff may read, everybody else gets the reason.

No colour is shown meanwhile: no page, gate, API client or other city treats a person who cannot be judged as green.
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
# Display preferences, guides, and the staff's sign-in and sign-out.
ALWAYS = ("/display/", "/guide/")
DOOR = tuple(f"/staff/{page}/" for page in ("sign-in", "sign-out", "account", "enrol", "single-sign-on"))
TOLD_BY = "X-City-Suspended"


class SuspensionMiddleware(MiddlewareMixin):
    """Lets requests through that a suspended city still answers, and answers 503 to all others."""

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
    if getattr(request, "htmx", False):
        # A fragment of a page opened before: the whole page is replaced, so that no code remains on it.
        return HttpResponseClientRedirect("/staff/" if path.startswith("/staff/") else "/")
    context = {
        "since": city.suspended_since,
        "reason": label_in(get_language() or "en", SuspensionReason(city.suspended_for)),
        "hotline": city.hotline,
    }
    name = "staff" if path.startswith("/staff/") else "gate" if path.startswith("/gate/") else "citizen"
    page = render(request, f"errors/suspended_{name}.html", context, status=503)
    return retry_later(page, ASK_AGAIN_SECONDS)
