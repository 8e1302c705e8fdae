"""Who calls: a provider, known by its key. The key counts in the city of the host name and in no other."""

from dataclasses import dataclass

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from codes.intake.provider_keys import count_call, key_shown
from codes.models import ProviderKey
from portal.api.refusals import ApiRefusal, Refuse

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
            raise Refuse(429, ApiRefusal.TOO_OFTEN, wait=wait, seconds=wait)
        return CallingProvider(key.provider.code), key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """What the 401 asks for."""
        return 'Bearer realm="entries"'


def caller(request: Request) -> CallingProvider:
    """Who calls, where ``ProviderKeyAuthentication`` let the call in."""
    user: object = request.user
    if not isinstance(user, CallingProvider):
        raise AuthenticationFailed
    return user
