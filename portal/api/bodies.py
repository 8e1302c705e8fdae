"""The body of a call: its size limits, and reading it once, as lines or as one object."""

import json
from typing import Any, NoReturn, TypeVar

from django.http import HttpRequest, UnreadablePostError
from pydantic import BaseModel, ValidationError

from portal.api.errors import ApiError, ApiErrorCode
from portal.web.bodies import content_length

LINES_TYPE = "application/x-ndjson"
# Older and newer names of the content type.
LINES_TYPES = {LINES_TYPE, "application/ndjson", "application/jsonl"}
JSON_TYPE = "application/json"
MOST_LINES = 10_000
MOST_BYTES = 16 * 2**20
MOST_JSON_BYTES = 2**20

M = TypeVar("M", bound=BaseModel)
_READ = "_api_body"


def body_of(request: HttpRequest, *, most: int) -> bytes:
    """Return the whole body, which is read once. Raises ``ApiError``."""
    found: bytes | None = getattr(request, _READ, None)
    if found is None:
        found = _read(request, _announced(request, most))
        setattr(request, _READ, found)
    return found


def read_lines(request: HttpRequest) -> list[bytes]:
    """Return the body's lines, including blank ones so that line numbers are right. Raises ``ApiError``."""
    _check_type(request, LINES_TYPES, wanted=LINES_TYPE)
    lines = body_of(request, most=MOST_BYTES).split(b"\n")
    if sum(1 for line in lines if line.strip()) > MOST_LINES:
        raise ApiError(413, ApiErrorCode.TOO_MANY_LINES, limit=MOST_LINES)
    return lines


def read_json_line(request: HttpRequest) -> bytes:
    """Return the body as one line, for the check of lines. Raises ``ApiError``."""
    _check_type(request, {JSON_TYPE}, wanted=JSON_TYPE)
    return body_of(request, most=MOST_JSON_BYTES)


def read_json(request: HttpRequest, shape: type[M]) -> M:
    """Parse the body as an object of this shape. Raises ``ApiError`` with every field that does not fit, but no values."""
    raw = read_json_line(request)
    try:
        # pydantic's own parser accepts NaN, which is not JSON.
        return shape.model_validate(json.loads(raw.decode(), parse_constant=_no_constant))
    except ValidationError as error:
        raise ApiError(422, ApiErrorCode.BAD_BODY, errors=_findings(error)) from None
    except (ValueError, RecursionError):
        raise ApiError(400, ApiErrorCode.BAD_REQUEST) from None


def _findings(error: ValidationError) -> list[dict[str, str]]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [{"field": ".".join(str(step) for step in one["loc"])[:200], "reason": one["type"]} for one in found]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _check_type(request: HttpRequest, allowed: set[str], *, wanted: str) -> None:
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if request.content_type not in allowed or charset not in ("utf-8", "utf8") or encoding != "identity":
        raise ApiError(415, ApiErrorCode.BAD_CONTENT_TYPE, wanted=wanted)


def _announced(request: HttpRequest, most: int) -> int:
    """Return the body's length from its header. Raises ``ApiError`` without one: a body sent in chunks would be read as empty."""
    length = content_length(request)
    if length is None:
        raise ApiError(411, ApiErrorCode.NO_LENGTH)
    if length > most:
        raise ApiError(413, ApiErrorCode.TOO_LARGE, limit=most)
    return length


def _read(request: HttpRequest, length: int) -> bytes:
    try:
        body: bytes = request.read(length)
    except UnreadablePostError:
        raise ApiError(400, ApiErrorCode.INCOMPLETE) from None
    if len(body) != length:
        raise ApiError(400, ApiErrorCode.INCOMPLETE)
    return body


def query_parameters(request: HttpRequest, known: tuple[str, ...]) -> dict[str, Any]:
    """Return the query's parameters, each known and given once. Raises ``ApiError``."""
    for name, values in request.GET.lists():
        if name not in known or len(values) != 1 or "\x00" in values[0]:
            raise ApiError(400, ApiErrorCode.BAD_QUERY, name=name if name in known else "?")
    return {name: request.GET[name] for name in request.GET}
