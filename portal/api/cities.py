"""The addresses that other cities call (``docs/contracts.md`` §5). Every call is signed by the calling city."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from codes.cities.asked_corrections import take_question
from codes.cities.corrections import take_answer
from codes.cities.evidence import answer_file
from codes.cities.look_ups import answer as answer_look_up
from codes.cities.signing import COUNTED, BadMessage, CallRefusal, CallRefused, accept
from codes.models import Neighbour
from portal.api.bodies import body_of
from portal.api.errors import ApiError, ApiErrorCode, problem_response, refused
from regions.refusals import Refused

MOST_BYTES = 64 * 1024


@csrf_exempt
@require_POST
def look_ups(request: HttpRequest) -> HttpResponse:
    """Answer another city's question about the colour behind one of our passes."""
    return _answered(request, answer_look_up)


@csrf_exempt
@require_POST
def corrections(request: HttpRequest) -> HttpResponse:
    """Take another city's request to correct a record of ours, or its question about one."""
    return _answered(request, take_question)


@csrf_exempt
@require_POST
def correction_answers(request: HttpRequest) -> HttpResponse:
    """Take another city's answer to a correction we asked for."""
    return _answered(request, take_answer)


@csrf_exempt
@require_POST
def correction_files(request: HttpRequest) -> HttpResponse:
    """Send a file of a correction to the city that we asked for it."""
    return _answered(request, answer_file)


def _answered(request: HttpRequest, answer: Callable[..., Mapping[str, Any]]) -> HttpResponse:
    try:
        caller, message = _signed(request)
        return JsonResponse(answer(message, of=caller, now=timezone.now()))
    except ApiError as error:
        return problem_response(error)
    except CallRefused as error:
        return _not_accepted(error.reason)
    except BadMessage:
        return problem_response(ApiError(400, ApiErrorCode.BAD_REQUEST))
    except Refused as error:
        return problem_response(refused(error))


def _signed(request: HttpRequest) -> tuple[Neighbour, Mapping[str, Any]]:
    """Return the calling city and the body. Raises ``ApiError``, ``CallRefused`` and ``BadMessage``."""
    body = body_of(request, most=MOST_BYTES)
    caller = accept("POST", request.path, request.headers, body, now=timezone.now())
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise BadMessage
    return caller, message


def _not_accepted(reason: CallRefusal) -> HttpResponse:
    if reason is CallRefusal.TOO_OFTEN:
        seconds = int(COUNTED.total_seconds())
        return problem_response(ApiError(429, ApiErrorCode.TOO_OFTEN, wait=seconds, seconds=seconds))
    response = problem_response(ApiError(401, reason))
    response["WWW-Authenticate"] = 'City realm="cities"'
    return response
