"""The OpenAPI document of the API. The schemas of lines are those that validate lines."""

import json
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from codes.intake.lines import SHAPES
from codes.intake.results import Outcome, Refusal
from portal.api.bodies import LINES_TYPE, MOST_BYTES, MOST_LINES
from portal.api.errors import MEDIA_TYPE as PROBLEM_TYPE

EXAMPLE = (
    '{"type": "check_in", "provider": "alipay", "entry_id": "a-2", "id_type": "10",'
    ' "id_number": "11010519491231002X", "day": "2026-11-20", "healthy": true}\n'
)
OPENAPI_TYPE = "application/vnd.oai.openapi+json"
URLS = "portal.urls_city"


@lru_cache(maxsize=1)
def document() -> bytes:
    """Return the document, which is the same in every city, as it contains no host."""
    generator = SchemaGenerator(urlconf=URLS)  # type: ignore[no-untyped-call]
    return json.dumps(generator.get_schema(request=None, public=True), ensure_ascii=False).encode()  # type: ignore[no-untyped-call]


@require_GET
def schema(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    return HttpResponse(document(), content_type=OPENAPI_TYPE)


class Message(serializers.Serializer[Any]):
    en = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """Add the field `zh-hans`, which is not a name in Python."""
        return {"zh-hans": serializers.CharField(), **super().get_fields()}


class LineResult(serializers.Serializer[Any]):
    line = serializers.IntegerField(min_value=1, help_text="The line number in the body, starting at 1.")
    result = serializers.ChoiceField([outcome.value for outcome in Outcome])
    entry_id = serializers.CharField(required=False, help_text="Missing if the line could not be read.")
    left_out = serializers.ListField(
        child=serializers.ChoiceField(["full_name", "phone"]),
        required=False,
        help_text="Personal details that could not be used; the rest of the line was accepted.",
    )
    reason = serializers.ChoiceField([reason.value for reason in Refusal], required=False)
    field = serializers.CharField(required=False, help_text="The invalid key.")
    message = Message(required=False)


class EntriesResult(serializers.Serializer[Any]):
    """Counts, and one result per non-blank line in the order of the lines."""

    accepted = serializers.IntegerField(min_value=0)
    duplicate = serializers.IntegerField(min_value=0)
    refused = serializers.IntegerField(min_value=0)
    lines = LineResult(many=True)


class FieldError(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="The path in the body, with steps joined by dots.", allow_blank=True)
    reason = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """The call was refused and had no effect (except `busy`). RFC 9457; `type` and `code` are stable."""

    type = serializers.CharField(help_text="`urn:health-code:problem:` followed by the code.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong and what to do about it, in English.")
    code = serializers.CharField()
    message = Message(help_text="`detail` in both languages.")
    errors = FieldError(  # type: ignore[assignment]  # the member is named so by custom
        many=True, required=False, help_text="All invalid fields of the body."
    )


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers by subclassing
    target_class = "portal.api.callers.BearerAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "description": "The caller's key, issued by the city."}


class SignedScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers by subclassing
    target_class = "portal.api.callers.SignedAuthentication"
    name = "signature"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        description = (
            "Used instead of the bearer key: `X-App-Id` (the key's number), `X-Timestamp` (seconds), `X-Nonce`, and in "
            "this header the upper-case hexadecimal HMAC-SHA256, computed with the key's signing secret, of "
            "`name=value&…` for the query parameters and `app_id`, `body_sha256`, `method`, `nonce`, `path` and "
            "`timestamp`, sorted by name, without empty values, not URL-encoded."
        )
        return {"type": "apiKey", "in": "header", "name": "X-Sign", "description": description}


PROBLEMS = {
    400: "The request cannot be parsed.",
    401: "There is no valid key: a missing, unknown, expired and revoked key get the same answer. Or the signature is "
    "too old.",
    403: "The key does not have this service's scope.",
    404: "The object does not exist or does not belong to the caller.",
    406: "The response is available as JSON only.",
    409: "The same call is still running, or the object's state has changed.",
    411: "`Content-Length` is missing.",
    413: "The body has too many bytes or lines.",
    415: "The content type or character set is not supported, or the body is compressed.",
    422: "The body does not match the schema, or the operation is refused; `code` is the reason.",
    429: "Too many calls with this key; `Retry-After` is the number of seconds to wait.",
    503: "`busy`: some lines of this call may have been accepted; send all of them again after `Retry-After`.",
}
# Every call may get these; a call with a body those as well.
ANY_CALL = (400, 401, 403, 406, 429)
WITH_BODY = (*ANY_CALL, 409, 411, 413, 415, 422)


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Return the refusals of a call, for ``extend_schema``."""
    return {(status, PROBLEM_TYPE): OpenApiResponse(Problem, PROBLEMS[status]) for status in statuses}


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="Chosen by the caller for one call. Repeating the call with the same key within 24 hours returns the "
    "first answer; the operation is executed once.",
)

ENTRIES: dict[str, Any] = {
    "operation_id": "deliver_entries",
    "summary": "Deliver declarations and check-ins",
    "description": (
        f"One JSON object per line, at most {MOST_LINES:,} lines and {MOST_BYTES:,} bytes: a `DeclarationLine`, "
        "`CheckInLine` or `DisplayedLine`. Each line is accepted or refused separately. A line whose `entry_id` was "
        "accepted before with the same content is a `duplicate`, so it is always safe to repeat a call; times, ID "
        "numbers, names and phone numbers are compared by value, not by spelling. A question whose key is missing was "
        "not asked. A provider can deliver only its own entries, to the city of the host name."
    ),
    "tags": ["entries"],
    "parameters": [IDEMPOTENCY_KEY],
    "request": {LINES_TYPE: {"type": "string", "description": "NDJSON in UTF-8"}},
    "examples": [OpenApiExample("A check-in", EXAMPLE, media_type=LINES_TYPE, request_only=True)],
    "responses": {
        200: OpenApiResponse(EntriesResult, "All lines were processed; the result is listed per line."),
        **problems(*WITH_BODY, 503),
    },
}


def line_components() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for shape in SHAPES.values():
        described = shape.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= described.pop("$defs", {})
        found[shape.__name__] = described
    return found


def with_lines(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Add the schemas of lines to the document, as a hook of the generator: to the generator their body is only text."""
    result["components"]["schemas"] |= line_components()
    return result
