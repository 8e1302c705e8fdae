"""Somebody moved it meanwhile: the page that says so, for every compare-and-set that found something else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from portal.web.errors import forbidden, missing
from regions.refusals import MovedMeanwhile, NotAllowed, NotFound

Answer = Callable[[HttpRequest], HttpResponse]


class Conflict(Exception):
    """The thing is no longer as the page showed it. ``message`` is a translated sentence; ``back`` where to see it now."""

    def __init__(self, message: str = "", *, back: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.back = back


class ConflictMiddleware:
    """Turns ``Conflict`` and the review's own refusals into 409, 404 and 403, each with a page that says what to do next."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do unless a view raises."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page, for these exceptions only."""
        if isinstance(exception, NotFound):
            return missing(request)
        if isinstance(exception, NotAllowed):
            return forbidden(request)
        if isinstance(exception, MovedMeanwhile):
            return _moved(request, exception.said_in(translation.get_language()))
        if isinstance(exception, Conflict):
            return _moved(request, exception.message, exception.back)
        return None


def _moved(request: HttpRequest, message: str, back: str = "") -> HttpResponse:
    return render(request, "errors/409.html", {"message": message, "back": back}, status=409)
