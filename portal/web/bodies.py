"""Limits of request bodies: their size, and no text that cannot be stored. They are checked before a body is read.

``limit_of`` returns the limit of an address; the middleware checks a request once it is known who is signed in.
"""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.deprecation import MiddlewareMixin

from portal.web.sessions import CITIZEN
from regions.numbers import DIGITS_OF_A_KEY, number_of

MIB = 2**20
# Text in forms, and all requests of clients that are not signed in.
FORM_BYTES = MIB
# A file with its form. Larger than what is accepted, so that a photo from a camera is refused with a message at its field.
FILE_BYTES = 24 * MIB
LIMIT = "body_limit"

View = TypeVar("View", bound=Callable[..., Any])


def takes_body(most: int) -> Callable[[View], View]:
    """Let a view accept bodies of up to ``most`` bytes from a client that is signed in or sends a key."""

    def mark(view: View) -> View:
        setattr(view, LIMIT, most)
        return view

    return mark


takes_file = takes_body(FILE_BYTES)


def limit_of(path: str, *, stranger: bool) -> int:
    """Return the limit in bytes of an address's view; ``stranger`` means that there is neither a session nor a key."""
    if stranger:
        return FORM_BYTES
    limits = [FORM_BYTES]
    for urls in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF):
        try:
            limits.append(getattr(resolve(path, urls).func, LIMIT, FORM_BYTES))
        except Resolver404:
            continue
    return max(limits)


def content_length(request: HttpRequest) -> int | None:
    """Return the length that a request announces of its body, or ``None`` without one or if it is no number.

    A number of more digits than any length has is larger than every limit.
    """
    header = request.META.get("CONTENT_LENGTH") or ""
    is_endless = len(header) > DIGITS_OF_A_KEY and header.isascii() and header.isdecimal()
    return sys.maxsize if is_endless else number_of(header)


class BodyMiddleware(MiddlewareMixin):
    """Answers 413 for a body larger than its view or its sender may have, and 400 for a form with NUL in it.

    API views are exempt: they check the key first, limit what they read, and report the faulty line.
    """

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: Any,  # noqa: ARG002
        kwargs: Any,  # noqa: ARG002
    ) -> HttpResponse | None:
        if getattr(view, "csrf_exempt", False):
            return None
        length = content_length(request) if request.META.get("CONTENT_LENGTH") else 0
        if length is None or length > FORM_BYTES:
            limit = getattr(view, LIMIT, FORM_BYTES) if _is_signed_in(request) else FORM_BYTES
            if length is None or length > limit:
                return render(request, "errors/413.html", {"limit": limit // MIB}, status=413)
        if request.method == "POST" and _has_nul(request):
            return render(request, "errors/nul.html", status=400)
        return None


def _is_signed_in(request: HttpRequest) -> bool:
    return CITIZEN in request.session or SESSION_KEY in request.session


def _has_nul(request: HttpRequest) -> bool:
    """Return whether a text of the form contains NUL, which the database cannot store."""
    return any("\x00" in text for name, texts in request.POST.lists() for text in (name, *texts))
