"""Authentication of requests to the stand-in: the app is known, and the request is recent and was not seen before."""

import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from regions.numbers import number_of

SKEW_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """Raised for a request that is not served, with the centre's own code and message."""

    code: str
    message: str


@dataclass(slots=True)
class Doorkeeper:
    """Holds the apps' secrets and the nonces of the last minutes."""

    secrets: Mapping[str, str]
    now: Callable[[], float] = time.time
    _nonces: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Return the calling app. Raises Refusal."""
        app_id = headers.get("X-App-Id", "")
        secret = self.secrets.get(app_id)
        if secret is None:
            raise Refusal("40101", "unknown app")
        timestamp, nonce = headers.get("X-Timestamp", ""), headers.get("X-Nonce", "")
        self._check_fresh(timestamp, app_id + nonce)
        pairs = [*query.items(), ("app_id", app_id), ("timestamp", timestamp), ("nonce", nonce)]
        signed = "&".join(sorted(f"{key}={value}" for key, value in pairs if value))
        expected = hmac.digest(secret.encode(), signed.encode(), "sha256").hex().upper()
        if not hmac.compare_digest(expected, headers.get("X-Sign", "")):
            raise Refusal("40102", "wrong signature")
        return app_id

    def _check_fresh(self, timestamp: str, nonce: str) -> None:
        """Refuse old and repeated requests. Raises Refusal."""
        now = self.now()
        if abs((number_of(timestamp) or 0) - now) > SKEW_SECONDS:
            raise Refusal("40103", "timestamp out of range")
        with self._lock:
            for known in [known for known, until in self._nonces.items() if until < now]:
                del self._nonces[known]
            if nonce in self._nonces:
                raise Refusal("40104", "nonce used before")
            self._nonces[nonce] = now + 2 * SKEW_SECONDS
