"""The OpenAPI document of the API. The schemas of lines are those that lines are validated against."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from codes.intake.lines import SHAPES
from codes.intake.results import Outcome, Refusal
from portal.api.errors import ApiErrorCode
from portal.api.requests import MEDIA_TYPE, MOST_BYTES, MOST_LINES

EXAMPLE = (
    '{"type": "check_in", "provider": "alipay", "entry_id": "a-2", "id_type": "10",'
    ' "id_number": "11010519491231002X", "day": "2026-11-20", "healthy": true}\n'
)


class Message(serializers.Serializer[Any]):
    en = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """`zh-hans` is no name that Python allows."""
        return {"zh-hans": serializers.CharField(), **super().get_fields()}


class LineResult(serializers.Serializer[Any]):
    line = serializers.IntegerField(min_value=1, help_text="Its number in the body, counted from 1.")
    result = serializers.ChoiceField([outcome.value for outcome in Outcome])
    entry_id = serializers.CharField(required=False, help_text="Absent where the line could not be read.")
    left_out = serializers.ListField(
        child=serializers.ChoiceField(["full_name", "phone"]),
        required=False,
        help_text="Details of the person that could not be used; the rest of the line was.",
    )
    reason = serializers.ChoiceField([reason.value for reason in Refusal], required=False)
    field = serializers.CharField(required=False, help_text="The key that is wrong.")
    message = Message(required=False)


class EntriesResult(serializers.Serializer[Any]):
    """Counts, and a result for each line that is not blank, in their order."""

    accepted = serializers.IntegerField(min_value=0)
    duplicate = serializers.IntegerField(min_value=0)
    refused = serializers.IntegerField(min_value=0)
    lines = LineResult(many=True)


class ErrorBody(serializers.Serializer[Any]):
    """The call as a whole was refused, and no line of it was taken (but see `busy`)."""

    code = serializers.ChoiceField([reason.value for reason in ApiErrorCode])
    message = Message()


class ProviderKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers by subclassing
    target_class = "portal.api.requests.ProviderKeyAuthentication"
    name = "providerKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "description": "The provider's own key, issued by the city."}


def _refusal(description: str) -> OpenApiResponse:
    return OpenApiResponse(ErrorBody, description)


ENTRIES: dict[str, Any] = {
    "operation_id": "deliver_entries",
    "summary": "Deliver declarations and check-ins",
    "description": (
        f"One JSON object a line, at most {MOST_LINES:,} lines and {MOST_BYTES:,} bytes: a `DeclarationLine` or a "
        "`CheckInLine`. Each line is accepted or refused by itself. A line whose `entry_id` was taken before with the same "
        "content is a `duplicate`: sending a call again is always safe; instants, numbers, names and phones are compared as "
        "what they mean. A question whose key is absent was not asked. A provider delivers for itself only, to the city "
        "that the host name says."
    ),
    "tags": ["entries"],
    "request": {MEDIA_TYPE: {"type": "string", "description": "NDJSON in UTF-8"}},
    "examples": [OpenApiExample("A check-in", EXAMPLE, media_type=MEDIA_TYPE, request_only=True)],
    "responses": {
        200: OpenApiResponse(EntriesResult, "Every line was looked at; what became of it is told by line."),
        400: _refusal("The body is shorter than announced."),
        401: _refusal("No key in force. Unknown and revoked keys are told the same."),
        406: _refusal("The answer is JSON only."),
        411: _refusal("No Content-Length."),
        413: _refusal("Too many bytes or lines."),
        415: _refusal("Another content type, character set or an encoding."),
        429: _refusal("The key calls too often; `Retry-After` says in how many seconds."),
        503: _refusal("`busy`: lines of this call may have been taken; send all of them again after `Retry-After`."),
    },
}


def line_components() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for shape in SHAPES.values():
        schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[shape.__name__] = schema
    return found


def with_lines(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Hook of the generator: the lines stand in a body that is text to it."""
    result["components"]["schemas"] |= line_components()
    return result
