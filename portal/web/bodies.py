"""What a request may bring: how much, and no text that cannot be stored. Looked at before anything of a body is read.

``limit_of`` says how much a page takes; the middleware asks it when it is known who is signed in.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.deprecation import MiddlewareMixin

from portal.web.sessions import CITIZEN

MIB = 2**20
# Text in forms, and everything that strangers send.
FORM_BYTES = MIB
# A file with its form: larger than what is kept, so that a photo straight from the camera is refused in words beside its field.
FILE_BYTES = 24 * MIB
LIMIT = "body_limit"

View = TypeVar("View", bound=Callable[..., Any])


def takes_body(most: int) -> Callable[[View], View]:
    """Let a view have bodies of up to ``most`` bytes, from who is signed in or shows a key."""

    def mark(view: View) -> View:
        setattr(view, LIMIT, most)
        return view

    return mark


takes_file = takes_body(FILE_BYTES)


def limit_of(path: str, *, stranger: bool) -> int:
    """The most bytes that the view of an address takes; ``stranger``: there is neither a session nor a key."""
    if stranger:
        return FORM_BYTES
    limits = [FORM_BYTES]
    for urls in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF):
        try:
            limits.append(getattr(resolve(path, urls).func, LIMIT, FORM_BYTES))
        except Resolver404:
            continue
    return max(limits)


class BodyMiddleware(MiddlewareMixin):
    """413 for a body larger than its view takes, or than a stranger may send; 400 for a form with NUL in it.

    The API is left to itself: it asks for the key first, reads what it takes, and says which line holds what.
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
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > FORM_BYTES:
            limit = getattr(view, LIMIT, FORM_BYTES) if _is_signed_in(request) else FORM_BYTES
            if not length.isdecimal() or int(length) > limit:
                return render(request, "errors/413.html", {"limit": limit // MIB}, status=413)
        if request.method == "POST" and _has_nul(request):
            return render(request, "errors/nul.html", status=400)
        return None


def _is_signed_in(request: HttpRequest) -> bool:
    return CITIZEN in request.session or SESSION_KEY in request.session


def _has_nul(request: HttpRequest) -> bool:
    """The database stores no NUL in a text, so no form means one."""
    return any("\x00" in text for name, texts in request.POST.lists() for text in (name, *texts))
