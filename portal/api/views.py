"""`POST /api/v1/entries`: a provider delivers declarations and check-ins for itself (`docs/contracts.md` §3)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from psycopg2.errorcodes import LOCK_NOT_AVAILABLE
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from codes.intake.entries import take_lines
from codes.intake.results import Outcome
from portal.api.errors import ApiError, ApiErrorCode
from portal.api.requests import ProviderKeyAuthentication, caller, read_lines
from portal.api.schema import ENTRIES


class IntakeBusyError(RuntimeError):
    """The intake is held by another; nothing of what was asked last has been stored. Ask again."""


@contextmanager
def lock_timeout(*, seconds: int) -> Iterator[None]:
    """Wait so long for any lock in the block. Raises ``IntakeBusy``."""
    _set_lock_timeout(f"{seconds}s")
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) == LOCK_NOT_AVAILABLE:
            raise IntakeBusyError from error
        raise
    finally:
        _set_lock_timeout("0")


def _set_lock_timeout(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [value])


LOCK_TIMEOUT_SECONDS = 10


class Entries(APIView):
    """Lines are accepted or refused one by one; the city is that of the host name."""

    authentication_classes = (ProviderKeyAuthentication,)
    permission_classes = ()
    renderer_classes = (JSONRenderer,)
    http_method_names = ("post",)

    @extend_schema(**ENTRIES)
    def post(self, request: Request) -> Response:
        provider = caller(request)
        lines = read_lines(request._request)
        try:
            with lock_timeout(seconds=LOCK_TIMEOUT_SECONDS):
                taken = take_lines(lines, by=provider.actor, now=timezone.now(), only_provider=provider.code)
                results = list(taken)
        except IntakeBusyError:
            raise ApiError(503, ApiErrorCode.BUSY, wait=LOCK_TIMEOUT_SECONDS) from None
        counts = Counter(result.outcome for result in results)
        totals = {outcome.value: counts[outcome] for outcome in Outcome}
        return Response({**totals, "lines": [result.as_json() for result in results]})
