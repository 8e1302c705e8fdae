"""The addresses at which other cities reach this one (``docs/contracts.md`` §5): every call is signed by the calling city."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from codes.cities.look_ups import BadLookUp
from codes.cities.look_ups import answer as answer_look_up
from codes.cities.signing import COUNTED, CallRefusal, CallRefused, accept
from codes.models import Neighbour
from portal.api.errors import MEDIA_TYPE

MOST_BYTES = 64 * 1024


@csrf_exempt
@require_POST
def look_ups(request: HttpRequest) -> HttpResponse:
    """Another city asks for the colour behind one of our passes."""
    try:
        caller, asked = _signed(request)
        return JsonResponse(answer_look_up(asked, of=caller, now=timezone.now()))
    except CallRefused as refused:
        return _refusal(refused.reason)
    except BadLookUp:
        return _problem(400, "bad_request", "The body is not as the description of the API says.")


def _signed(request: HttpRequest) -> tuple[Neighbour, Mapping[str, Any]]:
    """Who calls, and the body. Raises ``CallRefused`` and ``BadLookUp``."""
    length = request.headers.get("Content-Length", "")
    if length.isascii() and length.isdecimal() and int(length) > MOST_BYTES:
        raise BadLookUp
    body = request.read(int(length)) if length.isascii() and length.isdecimal() else b""
    caller = accept("POST", request.path, request.headers, body, now=timezone.now())
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise BadLookUp
    return caller, told


def _refusal(reason: CallRefusal) -> HttpResponse:
    is_too_often = reason is CallRefusal.TOO_OFTEN
    response = _problem(429 if is_too_often else 401, reason.value, str(reason.label))
    if is_too_often:
        response["Retry-After"] = str(int(COUNTED.total_seconds()))
    else:
        response["WWW-Authenticate"] = 'City realm="cities"'
    return response


def _problem(status: int, code: str, title: str) -> HttpResponse:
    return JsonResponse(
        {"type": f"about:blank#{code}", "title": title, "status": status}, status=status, content_type=MEDIA_TYPE
    )
