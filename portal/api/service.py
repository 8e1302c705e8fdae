"""Common parts of the services: a key with the service's scope, JSON both ways, and calls that may be repeated."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, ClassVar, NoReturn, TypeVar, cast

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from psycopg2.errorcodes import LOCK_NOT_AVAILABLE
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from codes.models import IdempotentAnswer, Scope
from portal.api.bodies import MOST_JSON_BYTES, body_of
from portal.api.callers import BearerAuthentication, HasScope, SignedAuthentication, caller_of
from portal.api.errors import ApiError, ApiErrorCode
from regions.keys.encryption import API_ANSWER, content_hash, decrypt, encrypt, lookup_hash

ANYTHING = "*/*"
ANSWERS_KEPT = timedelta(hours=24)
LONGEST_IDEMPOTENCY_KEY = 255
# Seconds that a call waits for a lock.
LOCK_TIMEOUT_SECONDS = 10

Handler = TypeVar("Handler", bound=Callable[..., Response])


class Negotiation(DefaultContentNegotiation):
    """Returns JSON to callers that accept anything, as machines at gates do; other `Accept` headers are evaluated."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        if request.headers.get("Accept", ANYTHING) == ANYTHING:
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)


class Service(APIView):
    """Base of the API's views: who calls is known, and the key opens ``scope``. The city is that of the host name."""

    authentication_classes = (SignedAuthentication, BearerAuthentication)
    permission_classes = (HasScope,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class: type[BaseContentNegotiation] = Negotiation
    scope: ClassVar[Scope]
    most_bytes: ClassVar[int] = MOST_JSON_BYTES


@extend_schema(exclude=True)
class NoSuchAddress(APIView):
    """Whatever else is asked for under the API's addresses: a problem as all others, and no page."""

    renderer_classes = (JSONRenderer,)

    def initial(self, request: Request, *args: object, **parts: object) -> NoReturn:  # noqa: ARG002
        raise ApiError(404, ApiErrorCode.NO_SUCH_ADDRESS)


class LockTimedOutError(RuntimeError):
    """Raised if another transaction holds what the call needs; nothing of the last statement was stored. Retry."""


@contextmanager
def lock_timeout(*, seconds: int) -> Iterator[None]:
    """Wait at most this long for any lock in the block. Raises ``LockTimedOutError``."""
    _set_lock_timeout(f"{seconds}s")
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) == LOCK_NOT_AVAILABLE:
            raise LockTimedOutError from error
        raise
    finally:
        if not connection.needs_rollback:  # otherwise the rollback resets the setting
            _set_lock_timeout("0")


def _set_lock_timeout(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [value])


def idempotent(handler: Handler) -> Handler:
    """Support ``Idempotency-Key``: for a day, a call repeated with the same key gets the first answer and is done only once.

    Such a call is one transaction. Refusals are not stored: a corrected or later call is tried again.
    """

    @wraps(handler)
    def once(view: Service, request: Request, **parts: Any) -> Response:
        shown = request.headers.get("Idempotency-Key")
        if shown is None:
            return handler(view, request, **parts)
        if not (shown.isascii() and shown.isprintable() and 0 < len(shown) <= LONGEST_IDEMPOTENCY_KEY):
            raise ApiError(400, ApiErrorCode.BAD_IDEMPOTENCY_KEY, limit=LONGEST_IDEMPOTENCY_KEY)
        body = body_of(request._request, most=view.most_bytes)
        digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + body).digest()
        with transaction.atomic():
            kept = _claim(request, shown, content_hash(digest, use="api_call"))
            if kept.status is not None:
                answer = json.loads(decrypt(bytes(kept.answer_encrypted or b""), use=API_ANSWER))
                return Response(answer, status=kept.status, headers={"Idempotent-Replay": "true"})
            response = handler(view, request, **parts)
            kept.status = response.status_code
            kept.answer_encrypted = encrypt(JSONRenderer().render(response.data).decode(), use=API_ANSWER)
            kept.save()
        return response

    return cast("Handler", once)


def _claim(request: Request, shown: str, call_hash: bytes) -> IdempotentAnswer:
    """Return the row of the key; without a status it is ours to fill. A second call waits for the first to end.

    Only the row of this key is removed if it is too old, since a call locks what it removes until it ends. The sweep removes the others.
    """
    now, caller = timezone.now(), caller_of(request)
    row = IdempotentAnswer(
        caller=f"{caller.actor}:{caller.key}",
        key_hash=lookup_hash(shown, use="idempotency_key"),
        call_hash=call_hash,
        called_at=now,
    )
    try:
        with lock_timeout(seconds=LOCK_TIMEOUT_SECONDS), transaction.atomic():
            of_key = IdempotentAnswer.objects.filter(caller=row.caller, key_hash=row.key_hash)
            of_key.filter(called_at__lt=now - ANSWERS_KEPT).delete()
            IdempotentAnswer.objects.bulk_create([row], ignore_conflicts=True)
    except LockTimedOutError:
        wait = LOCK_TIMEOUT_SECONDS
        raise ApiError(409, ApiErrorCode.STILL_RUNNING, wait=wait, seconds=wait) from None
    held = IdempotentAnswer.objects.get(caller=row.caller, key_hash=row.key_hash)
    if bytes(held.call_hash) != call_hash:
        raise ApiError(422, ApiErrorCode.IDEMPOTENCY_KEY_REUSED)
    return held
