"""`entries` and `declarations`: a provider delivers for itself (`docs/contracts.md` §3)."""

from collections import Counter

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from codes.intake.entries import take_lines
from codes.intake.results import LineResult, Outcome
from codes.models import Scope
from portal.api import service
from portal.api.bodies import MOST_BYTES, read_lines
from portal.api.callers import caller_of
from portal.api.errors import ApiError, ApiErrorCode
from portal.api.schema import ENTRIES
from portal.api.service import LockTimedOutError, Service, idempotent, lock_timeout


class Entries(Service):
    """Lines are accepted or refused one by one."""

    scope = Scope.ENTRIES
    most_bytes = MOST_BYTES
    http_method_names = ("post",)

    @extend_schema(**ENTRIES)
    @idempotent
    def post(self, request: Request) -> Response:
        results = taken(request, read_lines(request._request))
        counts = Counter(result.outcome for result in results)
        totals = {outcome.value: counts[outcome] for outcome in Outcome}
        return Response({**totals, "lines": [result.as_json() for result in results]})


def taken(request: Request, lines: list[bytes]) -> list[LineResult]:
    """Take the lines of the calling provider and return their results. Raises ``ApiError`` if others hold the intake too long."""
    caller = caller_of(request)
    wait = service.LOCK_TIMEOUT_SECONDS
    try:
        with lock_timeout(seconds=wait):
            return list(take_lines(lines, by=caller.actor, now=timezone.now(), only_provider=caller.code))
    except LockTimedOutError:
        raise ApiError(503, ApiErrorCode.BUSY, wait=wait) from None
