"""Somebody moved it meanwhile: the page that says so, for every compare-and-set that found something else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

Answer = Callable[[HttpRequest], HttpResponse]


class Conflict(Exception):
    """The thing is no longer as the page showed it. ``message`` is a translated sentence; ``back`` where to see it now."""

    def __init__(self, message: str = "", *, back: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.back = back


class ConflictMiddleware:
    """Turns ``Conflict`` into status 409 with a page that says what to do next."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do unless a view raises."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page, for ``Conflict`` only."""
        if not isinstance(exception, Conflict):
            return None
        return render(request, "errors/409.html", {"message": exception.message, "back": exception.back}, status=409)
