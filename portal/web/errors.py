"""Error pages. What is missing and what is somebody else's look alike to the byte."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

Answer = Callable[[HttpRequest], HttpResponse]


class OwnPagesMiddleware:
    """While debugging Django answers 404 with a page that says whether something is there. Everybody sees ours instead."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response, unless it is Django's own page of a missing one."""
        response = self.get_response(request)
        is_technical = settings.DEBUG and response.status_code == 404 and not hasattr(response, "is_ours")
        if is_technical and response.headers.get("Content-Type", "").startswith("text/html"):
            return missing(request)
        return response


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """404. The exception's words are not told: they could say that the thing exists."""
    response = render(request, "errors/404.html", status=404)
    response.is_ours = True  # type: ignore[attr-defined]  # told apart from Django's while debugging
    return response


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """403: signed in, without the role for this page."""
    return render(request, "errors/403.html", status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """400."""
    return render(request, "errors/400.html", status=400)


def failed(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """500, rendered without a request: whatever broke may be in what a request needs."""
    return HttpResponse(loader.render_to_string("errors/500.html"), status=500)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """403 for a form whose secret does not fit: mostly a page left open overnight."""
    return render(request, "errors/stale_form.html", status=403)
