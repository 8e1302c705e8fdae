"""Who calls: a provider, known by its key. The key counts in the city of the host name and in no other."""

from dataclasses import dataclass

from django.http import HttpRequest, UnreadablePostError
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from codes.intake.provider_keys import count_call, key_shown
from codes.models import ProviderKey
from portal.api.errors import ApiError, ApiErrorCode

SCHEME = b"bearer"


@dataclass(frozen=True)
class CallingProvider:
    """Stands where the framework expects a user."""

    code: str
    is_authenticated: bool = True

    @property
    def actor(self) -> str:
        """Its name in the journal; the colon keeps it apart from everybody on the staff."""
        return f"provider:{self.code}"


class ProviderKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`. Missing, unknown and revoked keys get the identical answer."""

    def authenticate(self, request: Request) -> tuple[CallingProvider, ProviderKey]:
        """Raises ``AuthenticationFailed``, and ``Refuse`` with 429 for a key that calls too often."""
        words = get_authorization_header(request).split()
        is_ours = len(words) == 2 and words[0].lower() == SCHEME
        key = key_shown(words[1].decode("latin-1")) if is_ours else None
        if key is None:
            raise AuthenticationFailed
        wait = count_call(key, now=timezone.now())
        if wait:
            raise ApiError(429, ApiErrorCode.TOO_OFTEN, wait=wait, seconds=wait)
        return CallingProvider(key.provider.code), key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="entries"'


def caller(request: Request) -> CallingProvider:
    """Who calls, where ``ProviderKeyAuthentication`` let the call in."""
    user: object = request.user
    if not isinstance(user, CallingProvider):
        raise AuthenticationFailed
    return user


MEDIA_TYPE = "application/x-ndjson"
# The content type's older and newer names.
MEDIA_TYPES = {MEDIA_TYPE, "application/ndjson", "application/jsonl"}
MOST_LINES = 10_000
MOST_BYTES = 16 * 2**20


def read_lines(request: HttpRequest) -> list[bytes]:
    """The body's lines, blank ones among them so that numbers stay right. Raises ``Refuse``."""
    _check_type(request)
    lines = _read(request, _announced(request)).split(b"\n")
    if sum(1 for line in lines if line.strip()) > MOST_LINES:
        raise ApiError(413, ApiErrorCode.TOO_MANY_LINES, limit=MOST_LINES)
    return lines


def _check_type(request: HttpRequest) -> None:
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if request.content_type not in MEDIA_TYPES or charset not in ("utf-8", "utf8") or encoding != "identity":
        raise ApiError(415, ApiErrorCode.BAD_CONTENT_TYPE)


def _announced(request: HttpRequest) -> int:
    """The body's length as its header says it; a body sent in chunks has none, and reads as empty."""
    length = request.headers.get("Content-Length", "")
    if not (length.isascii() and length.isdecimal()):
        raise ApiError(411, ApiErrorCode.NO_LENGTH)
    if int(length) > MOST_BYTES:
        raise ApiError(413, ApiErrorCode.TOO_LARGE, limit=MOST_BYTES)
    return int(length)


def _read(request: HttpRequest, length: int) -> bytes:
    try:
        body: bytes = request.read(length)
    except UnreadablePostError:
        raise ApiError(400, ApiErrorCode.INCOMPLETE) from None
    if len(body) != length:
        raise ApiError(400, ApiErrorCode.INCOMPLETE)
    return body
