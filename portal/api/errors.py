"""Refusals of calls: problems of RFC 9457, each with a stable type and its sentence in two languages."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import TextChoices
from django.http import JsonResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from regions.closed import ASK_AGAIN_SECONDS, is_closed
from regions.refusals import MovedMeanwhile, NotAllowed, NotFound, Refused, lost_race

MEDIA_TYPE = "application/problem+json"
# Not an address: the same problem has the same type in every city and installation.
TYPE_PREFIX = "urn:health-code:problem:"


class ApiErrorCode(TextChoices):
    """Reason codes of refused calls; the codes are stable."""

    NOT_THIS_KEY = (
        "not_this_key",
        _("There is no key in force in the call. Send your own as `Authorization: Bearer …`."),
    )
    SCOPE_MISSING = (
        "scope_missing",
        _("This key does not open {scope}. Have the city issue one that does."),
    )
    CLOCK_DIFFERS = (
        "clock_differs",
        _("The signed instant is more than {minutes} minutes from the city's clock. Set the clock and sign anew."),
    )
    NONCE_USED = "nonce_used", _("A call with this nonce has come before. Sign anew with another one.")
    TOO_OFTEN = "too_often", _("Too many calls; ask again in {seconds} s.")
    BAD_CONTENT_TYPE = "bad_content_type", _("The body must be {wanted}, UTF-8 and not compressed.")
    NO_LENGTH = "no_length", _("The Content-Length header is missing or no number.")
    TOO_LARGE = "too_large", _("The body is larger than {limit} bytes.")
    TOO_MANY_LINES = "too_many_lines", _("A call takes at most {limit} lines.")
    INCOMPLETE = "incomplete", _("The body is shorter than announced; no line was taken.")
    BAD_BODY = "bad_body", _("The body does not have the agreed form. `errors` says which fields to mend.")
    BAD_QUERY = "bad_query", _("The address has a parameter that cannot be understood: {name}.")
    BAD_CURSOR = (
        "bad_cursor",
        _("The cursor is not one of this list, filter and key. Begin again without a cursor."),
    )
    BAD_IDEMPOTENCY_KEY = "bad_idempotency_key", _("An Idempotency-Key has 1 to {limit} printable ASCII characters.")
    IDEMPOTENCY_KEY_REUSED = (
        "idempotency_key_reused",
        _("This Idempotency-Key came with another call within the last 24 hours. Use a new one for a new call."),
    )
    STILL_RUNNING = "still_running", _("The same call is running already. Ask again in {seconds} s.")
    BUSY = "busy", _("The city is taking other data in. Send the same lines again; those taken before are duplicates.")
    CROWDED = "crowded", _("More is asked than can be answered at this moment. Ask again in {seconds} s.")
    CLOSED = "closed", _("Nothing can be saved at present; nothing of the call was. Send it again in {seconds} s.")
    SUSPENDED = (
        "suspended",
        _("The city's service is suspended; nobody's code can be determined, and none is green. Ask again later."),
    )
    NO_SUCH_ADDRESS = (
        "no_such_address",
        pgettext_lazy("api", "There is nothing here. `/api/v1/schema` lists the addresses."),
    )
    METHOD_NOT_ALLOWED = "method_not_allowed", _("This address does not know the method.")
    NOT_ACCEPTABLE = "not_acceptable", _("The answer is JSON and nothing else.")
    NOT_ENROLLED = "not_enrolled", _("This device is not enrolled at a gate, or no longer. Have it enrolled anew.")
    NOT_ACCEPTED = "not_accepted", _("The request was not accepted. Load the page anew that sends it.")
    FAILED = "failed", _("Something went wrong here and was recorded. Try again later.")
    BAD_REQUEST = "bad_request", _("The request cannot be parsed.")


def problem(status: int, reason: TextChoices, params: Mapping[str, object]) -> dict[str, Any]:
    """Return the body of a refusal; ``params`` fill the placeholders in the reason's sentence."""
    message = {language: Refused(reason, **params).message_in(language) for language in dict(settings.LANGUAGES)}
    return {
        "type": f"{TYPE_PREFIX}{reason.value}",
        "title": str(reason.value).replace("_", " ").capitalize(),
        "status": status,
        "detail": message["en"],
        "code": reason.value,
        "message": message,
    }


class ApiError(APIException):
    """Raised to end a call with a status and a reason; ``wait`` in seconds becomes ``Retry-After``."""

    def __init__(
        self,
        status: int,
        reason: TextChoices,
        *,
        wait: int | None = None,
        errors: Sequence[dict[str, Any]] | None = None,
        params: Mapping[str, object] | None = None,
        **parts: object,
    ) -> None:
        super().__init__(reason.value)
        self.status_code = status
        self.wait = wait
        self.body = problem(status, reason, {**(params or {}), **parts})
        if errors is not None:
            self.body["errors"] = list(errors)


# Refusals by the framework itself, by status.
_FRAMEWORK = {
    401: ApiErrorCode.NOT_THIS_KEY,
    404: ApiErrorCode.NO_SUCH_ADDRESS,
    405: ApiErrorCode.METHOD_NOT_ALLOWED,
    406: ApiErrorCode.NOT_ACCEPTABLE,
}


def exception_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the framework's response with our body. A refused act becomes a problem with its own code."""
    error = lost_race(error) or error
    if isinstance(error, Refused):
        error = refused(error)
    if is_closed(error):
        error = ApiError(503, ApiErrorCode.CLOSED, wait=ASK_AGAIN_SECONDS, seconds=ASK_AGAIN_SECONDS)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ApiError):
        response.data = error.body
    else:
        reason = _FRAMEWORK.get(response.status_code, ApiErrorCode.BAD_REQUEST)
        response.data = problem(response.status_code, reason, {})
    response.content_type = MEDIA_TYPE
    return response


def refused(refusal: Refused) -> ApiError:
    """Convert a refused act to the error that ends a call."""
    return ApiError(_status(refusal), refusal.reason, params=refusal.params)


def problem_response(error: ApiError) -> JsonResponse:
    """Return the response for views outside the framework."""
    response = JsonResponse(error.body, status=error.status_code, content_type=MEDIA_TYPE)
    if error.wait is not None:
        response["Retry-After"] = str(error.wait)
    return response


def _status(refusal: Refused) -> int:
    match refusal:
        case NotAllowed():
            return 403
        case NotFound():
            return 404
        case MovedMeanwhile():
            return 409
    return 422
