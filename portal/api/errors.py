"""Why a call as a whole is refused, in the one form every answer of the API has that is not the wanted one."""

from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from regions.vocabulary import label_in


class ApiErrorCode(TextChoices):
    """Reason codes of refused calls; the codes are stable."""

    NOT_THIS_KEY = (
        "not_this_key",
        _("There is no key in force in the call. Send your own as `Authorization: Bearer …`."),
    )
    TOO_OFTEN = "too_often", _("Too many calls; ask again in {seconds} s.")
    BAD_CONTENT_TYPE = "bad_content_type", _("The body must be application/x-ndjson, UTF-8 and not compressed.")
    NO_LENGTH = "no_length", _("The Content-Length header is missing or no number.")
    TOO_LARGE = "too_large", _("The body is larger than {limit} bytes.")
    TOO_MANY_LINES = "too_many_lines", _("A call takes at most {limit} lines.")
    INCOMPLETE = "incomplete", _("The body is shorter than announced; no line was taken.")
    BUSY = "busy", _("The city is taking other data in. Send the same lines again; those taken before are duplicates.")
    METHOD_NOT_ALLOWED = "method_not_allowed", _("This address does not know the method.")
    NOT_ACCEPTABLE = "not_acceptable", _("The answer is JSON and nothing else.")
    BAD_REQUEST = "bad_request", _("The call cannot be understood.")

    def body(self, **parts: object) -> dict[str, Any]:
        message = {language: label_in(language, self).format(**parts) for language in ("zh-hans", "en")}
        return {"code": self.value, "message": message}


class ApiError(APIException):
    """Ends a call with a status and a reason; ``wait`` in seconds becomes ``Retry-After``."""

    def __init__(self, status: int, reason: ApiErrorCode, *, wait: int | None = None, **parts: object) -> None:
        super().__init__(reason.value)
        self.status_code = status
        self.wait = wait
        self.body = reason.body(**parts)


# What the framework itself refuses, by its status.
_FRAMEWORK = {
    401: ApiErrorCode.NOT_THIS_KEY,
    405: ApiErrorCode.METHOD_NOT_ALLOWED,
    406: ApiErrorCode.NOT_ACCEPTABLE,
    415: ApiErrorCode.BAD_CONTENT_TYPE,
}


def exception_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """The framework's handler keeps status and headers; the body is ours."""
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ApiError):
        response.data = error.body
    else:
        response.data = _FRAMEWORK.get(response.status_code, ApiErrorCode.BAD_REQUEST).body()
    return response
