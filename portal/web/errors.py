"""Error pages. What is missing and what is somebody else's look alike to the byte."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """404. The exception's words are not told: they could say that the thing exists."""
    return render(request, "errors/404.html", status=404)


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
