"""Authentication of callers, and the scopes of their keys. A key is valid in the city of the host name only.

A further kind of caller adds a function that recognises its bearer keys to ``BEARERS``.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from codes.gates.devices import find_machine
from codes.intake.provider_keys import SIGNATURE_WINDOW, count_call, key_shown, keys_in_force, signing_secret, use_nonce
from codes.models import ProviderKey, Scope
from codes.passes.key_list import PublishedKey
from portal.api.bodies import MOST_JSON_BYTES, body_of
from portal.api.errors import ApiError, ApiErrorCode
from regions.numbers import number_of
from regions.sources.connectors.big_data_centre import sign

SCHEME = b"bearer"
LONGEST_NONCE = 128


@dataclass(frozen=True)
class Caller:
    """The framework's user: ``kind`` and ``code`` of the key's owner, and the key's scopes.

    ``pass_keys`` are the city's keys for passes, which are read together with a gate's machine.
    """

    kind: str
    code: str
    key: str
    scopes: frozenset[str]
    is_authenticated: bool = True
    pass_keys: list[PublishedKey] | None = field(default=None, compare=False)

    @property
    def actor(self) -> str:
        """The caller's name in the journal; the colon distinguishes it from all staff."""
        return f"{self.kind}:{self.code}"


def _provider(key: ProviderKey) -> Caller:
    return Caller("provider", key.provider.code, str(key.pk), frozenset(key.scopes))


def _counted(key: ProviderKey, *, now: datetime) -> Caller:
    """Return the caller of a key. Raises ``ApiError`` with 429 if the key calls too often."""
    wait = count_call(key, now=now)
    if wait:
        raise _not_yet(wait)
    return _provider(key)


def _not_yet(wait: int) -> ApiError:
    return ApiError(429, ApiErrorCode.TOO_OFTEN, wait=wait, seconds=wait)


def provider_of(bearer: str, *, now: datetime) -> Caller | None:
    key = key_shown(bearer, now=now)
    return None if key is None else _counted(key, now=now)


def gate_of(bearer: str, *, now: datetime) -> Caller | None:
    """Return a gate's machine, whose only scope is to verify passes. Raises ``ApiError`` with 429 if it scans too often."""
    found = find_machine(bearer, now=now)
    if found is None:
        return None
    device, wait = found
    if wait:
        raise _not_yet(wait)
    scopes = frozenset({Scope.VERIFICATIONS.value})
    return Caller("gate", str(device.pk), str(device.pk), scopes, pass_keys=device.pass_keys)


# Gates first: they call most often, and are found by one query.
BEARERS: list[Callable[..., Caller | None]] = [gate_of, provider_of]


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`. Missing, unknown, expired and revoked keys get the identical answer."""

    def authenticate(self, request: Request) -> tuple[Caller, None]:
        words = get_authorization_header(request).split()
        is_ours = len(words) == 2 and words[0].lower() == SCHEME
        bearer, now = words[1].decode("latin-1") if is_ours else "", timezone.now()
        for known in BEARERS if is_ours else ():
            caller = known(bearer, now=now)
            if caller is not None:
                return caller, None
        raise AuthenticationFailed

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="api"'


class SignedAuthentication(BearerAuthentication):
    """The signature of ``docs/contracts.md`` §2 instead of the key: by `X-App-Id`, `X-Timestamp`, `X-Nonce` and `X-Sign`.

    The signed text consists of the query's parameters and ``app_id``, ``body_sha256``, ``method``, ``nonce``, ``path`` and
    ``timestamp``. A call without `X-App-Id` is left to the next scheme.
    """

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:  # type: ignore[override]
        app_id = request.headers.get("X-App-Id")
        if app_id is None:
            return None
        now = timezone.now()
        key = self._key(app_id, now)
        if key is None or not hmac.compare_digest(
            sign(signing_secret(key), _signed_fields(request)).encode(),
            request.headers.get("X-Sign", "").encode("utf-8", "surrogatepass"),
        ):
            raise AuthenticationFailed
        self._check_fresh(request, key, now)
        return _counted(key, now=now), None

    def _key(self, app_id: str, now: datetime) -> ProviderKey | None:
        number = number_of(app_id)
        return keys_in_force(now=now).filter(pk=number).first() if number is not None else None

    def _check_fresh(self, request: Request, key: ProviderKey, now: datetime) -> None:
        """Raise ``ApiError`` for an old call or a used nonce. Checked after the signature, so that nobody can use up another's nonces."""
        timestamp, nonce = request.headers.get("X-Timestamp", ""), request.headers.get("X-Nonce", "")
        seconds = number_of(timestamp, digits=len("9999999999"))
        at = datetime.fromtimestamp(seconds, tz=UTC) if seconds is not None else None
        if at is None or abs(now - at) > SIGNATURE_WINDOW:
            raise ApiError(401, ApiErrorCode.CLOCK_DIFFERS, minutes=int(SIGNATURE_WINDOW.total_seconds()) // 60)
        is_nonce = nonce.isascii() and nonce.isprintable() and 0 < len(nonce) <= LONGEST_NONCE
        if not is_nonce or not use_nonce(key, nonce, now=now):
            raise ApiError(401, ApiErrorCode.NONCE_USED)


def _signed_fields(request: Request) -> dict[str, str]:
    body = b""
    if request.method == "POST":
        view: Any = (request.parser_context or {}).get("view")
        body = body_of(request._request, most=getattr(view, "most_bytes", MOST_JSON_BYTES))
    # These fields replace query parameters of the same names.
    return {
        **request.GET.dict(),
        "app_id": request.headers["X-App-Id"],
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "method": request.method or "",
        "nonce": request.headers.get("X-Nonce", ""),
        "path": request.path,
        "timestamp": request.headers.get("X-Timestamp", ""),
    }


class HasScope(BasePermission):
    """Requires that the view's ``scope`` is among those of the key."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller, scope = caller_of(request), Scope(view.scope)
        if scope.value not in caller.scopes:
            raise ApiError(403, ApiErrorCode.SCOPE_MISSING, scope=scope.value)
        return True


def caller_of(request: Request) -> Caller:
    """Return the caller of a call that a ``Service`` has authenticated."""
    user: object = request.user
    if not isinstance(user, Caller):
        raise AuthenticationFailed
    return user
