"""Error pages and refused actions. Missing objects and those of others get the same page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from allauth.account import app_settings as allauth
from allauth.core.internal.ratelimit import parse_rates
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import TextChoices
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template import loader
from django.utils import timezone, translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.formats import date_format

from codes.intake.provider_keys import KeyReason
from codes.models import Case
from codes.review.errors import Reason
from codes.review.evidence.faults import UploadFault
from regions.closed import ASK_AGAIN_SECONDS, is_closed
from regions.refusals import CommonReason, MovedMeanwhile, NotAllowed, NotFound, Refused, lost_race
from regions.staff.accounts import StaffReason


class OwnNotFoundPageMiddleware(MiddlewareMixin):
    """Replaces Django's technical 404 page in debug mode, which reveals whether something exists, by our own."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.status_code == 405 and not response.content:
            page = render(request, "errors/405.html", status=405)
            page["Allow"] = response.headers.get("Allow", "")
            return page
        is_technical = settings.DEBUG and response.status_code == 404 and not hasattr(response, "is_ours")
        if is_technical and response.headers.get("Content-Type", "").startswith("text/html"):
            return not_found(request)
        return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Answer 404. The exception's text is not shown, as it could reveal that the object exists."""
    response = render(request, "errors/404.html", status=404)
    response.is_ours = True  # type: ignore[attr-defined]  # distinguishes it from Django's page in debug mode
    return response


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Answer 403: signed in, without the role for this page."""
    return render(request, "errors/403.html", status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return render(request, "errors/400.html", status=400)


def too_many_attempts(request: HttpRequest, seconds: int = 0) -> HttpResponse:
    """Answer 429. allauth calls it without ``seconds``; the wait is then the longest of its limits."""
    wait = seconds or max(int(rate.duration) for rates in allauth.RATE_LIMITS.values() for rate in parse_rates(rates))
    return retry_later(
        render(request, "429.html", {"at": retry_at(wait), "wait": whole_minutes(wait)}, status=429), wait
    )


def retry_later(response: HttpResponse, seconds: int) -> HttpResponse:
    """Return the answer with a ``Retry-After`` header."""
    response.headers["Retry-After"] = str(seconds)
    return response


def whole_minutes(seconds: int) -> timedelta:
    """Return a wait as minutes, rounded up."""
    return timedelta(minutes=max(1, -(-seconds // 60)))


def retry_at(seconds: int) -> str:
    """Return the city's time of day at the end of the wait, with the day if that is not today."""
    now = timezone.localtime()
    at = now + whole_minutes(seconds)
    return date_format(at, "H:i" if at.date() == now.date() else "DATETIME_FORMAT")


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Answer 500, rendered without a request, as what a request needs may be broken."""
    return HttpResponse(loader.render_to_string("errors/500.html"), status=500)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Answer 403 after a failed CSRF check, mostly of a page left open overnight, with a link back to that page."""
    try:
        came_from = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # for example of "http://[::1"
        came_from = urlsplit("")
    back = came_from.path if came_from.netloc == request.get_host() else ""
    return render(request, "errors/stale_form.html", {"back": back}, status=403)


class Conflict(Exception):
    """Raised if the thing is no longer as the page showed it. ``message`` is translated; ``back`` is the page to see it now."""

    def __init__(self, message: str = "", *, back: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.back = back


class ConflictMiddleware(MiddlewareMixin):
    """Turns ``Conflict``, ``Refused``, a lost race and a read-only database into pages that say what to do next."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NotFound):
            return not_found(request)
        if isinstance(exception, NotAllowed):
            return permission_denied(request)
        if isinstance(exception, Refused):
            return _conflict_page(request, refusal_text(exception))
        if isinstance(exception, Conflict):
            return _conflict_page(request, exception.message, exception.back)
        if is_closed(exception):
            return _closed(request)
        if refusal := lost_race(exception):
            return _conflict_page(request, refusal_text(refusal))
        return None


def _closed(request: HttpRequest) -> HttpResponse:
    """Answer 503 for an action that has to be recorded while the database accepts no writes."""
    return retry_later(render(request, "errors/closed.html", status=503), ASK_AGAIN_SECONDS)


def _conflict_page(request: HttpRequest, message: str, back: str = "") -> HttpResponse:
    return render(request, "errors/409.html", {"message": message, "back": back}, status=409)


T = TypeVar("T")

FIELDS: dict[TextChoices, str] = {
    Reason.END_DATE: "expires_on",
    Reason.NO_EVIDENCE: "grounds",
    Reason.UNKNOWN_EVIDENCE: "grounds",
    Reason.REASON_DOES_NOT_FIT: "reason_code",
    Reason.UNKNOWN_REASON: "reason_code",
    CommonReason.NO_REASON: "note",
    KeyReason.BAD_LIFETIME: "until",
    KeyReason.BAD_OVERLAP: "old_until",
    KeyReason.TOO_MANY: "provider",
    Reason.TEXT_TOO_LONG: "note",
    Reason.PURPOSE_MISSING: "purpose",
    Reason.NO_SUCH_COLLEAGUE: "to",
    **dict.fromkeys(UploadFault, "upload"),
    **dict.fromkeys(StaffReason, "roles"),
    StaffReason.BAD_NAME: "username",
    StaffReason.NAME_TAKEN: "username",
    StaffReason.BAD_EMAIL: "email",
    StaffReason.EMAIL_TAKEN: "email",
}


def refusal_text(refused: Refused) -> str:
    return refused.message_in(translation.get_language())


def text_or_raise(refused: Refused, *, back: str) -> str:
    """Return the sentence of a refusal for the page that was sent.

    A lost race raises ``Conflict``, whose page leads ``back``; missing rights and objects are raised as they are.
    """
    if isinstance(refused, MovedMeanwhile):
        raise Conflict(refusal_text(refused), back=back) from refused
    if isinstance(refused, NotAllowed | NotFound):
        raise refused
    return refusal_text(refused)


@contextmanager
def form_refusals(form: Form, *, back: str) -> Iterator[None]:
    """Run the block in a transaction; a refusal rolls it back and becomes an error of the form."""
    try:
        with transaction.atomic():
            yield
    except Refused as refused:
        field = FIELDS.get(refused.reason)
        form.add_error(field if field in form.fields else None, text_or_raise(refused, back=back))


def attempt(request: HttpRequest, act: Callable[..., T], *args: Any, back: str, **kwargs: Any) -> T | None:
    """Return what ``act(*args, **kwargs, by=…, now=…)`` returns, or ``None`` if it was refused, which the next page reports."""
    try:
        with transaction.atomic():
            return act(*args, **kwargs, by=request.user.get_username(), now=timezone.now())
    except Refused as refused:
        messages.warning(request, text_or_raise(refused, back=back))
        return None


def attempt_and_return(
    request: HttpRequest, act: Callable[..., object], *args: Any, back: str, done: str, **kwargs: Any
) -> HttpResponse:
    """Do the act as ``attempt`` does, then redirect to ``back`` with the message ``done``."""
    if attempt(request, act, *args, back=back, **kwargs) is not None:
        messages.success(request, done)
    return redirect(back)


def submit(
    request: HttpRequest, form: Form, act: Callable[..., object], *, back: str, done: str
) -> HttpResponse | None:
    """Do ``act(cleaned_data, by=…, now=…)`` of a valid form and redirect to ``back``. Return ``None`` if the form has errors."""
    if form.is_valid():
        with form_refusals(form, back=back):
            act(form.cleaned_data, by=request.user.get_username(), now=timezone.now())
            messages.success(request, done)
            return redirect(back)
    return None


def seen_token(case: Case) -> str:
    """Return a token of what a page showed of a case, its state and assignee. Every form sends it back."""
    return f"{case.state}:{case.assigned_to}"


def check_seen(request: HttpRequest, case: Case, *, back: str) -> None:
    """Raise ``Conflict`` if the case has changed since the page was shown: nobody decides about what they did not see."""
    seen = request.POST.get("seen")
    if seen is not None and seen != seen_token(case):
        raise Conflict(refusal_text(MovedMeanwhile()), back=back)
