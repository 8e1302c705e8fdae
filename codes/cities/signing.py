"""Calls between cities. The caller signs these parts of the call, one per line, with its Ed25519 key for messages:

    HCC1 · method · path · caller's division · called division · key id · seconds · nonce · SHA-256 of the body

The called division is included, so that the called city cannot forward the call to a third one. ``docs/between-cities.md`` is the
description for authors of other cities' systems.
"""

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from codes.cities.neighbours import message_key, neighbour_of
from codes.models import Neighbour, NeighbourCall
from codes.passes.key_list import key_id_of
from regions.keys import encryption
from regions.keys.models import Purpose
from regions.numbers import number_of
from regions.outgoing import MESSAGE_LIMITS, CallFailed, call
from regions.sources.connectors.timeouts import HttpLimits
from regions.tenancy import current_city

DIVISION, KEY, TIMESTAMP, NONCE = "X-City-Division", "X-City-Key", "X-Timestamp", "X-Nonce"
SIGNATURE = "X-Signature"
HEADERS = (DIVISION, KEY, TIMESTAMP, NONCE, SIGNATURE)
SCHEME = "ed25519="
CLOCKS_DIFFER = timedelta(minutes=5)
MOST_CALLS, COUNTED = 600, timedelta(minutes=1)
MOST_NONCE = 64


class CallRefusal(models.TextChoices):
    """Why a signed call is refused, for the operators of the calling city."""

    NOT_SIGNED = "not_signed", _("A header of the signature is missing or cannot be read.")
    UNKNOWN_CITY = "unknown_city", _("The calling city is not known here.")
    STALE = "stale", _("The timestamp is more than five minutes off.")
    UNKNOWN_KEY = "unknown_key", _("The key is not on the calling city's list, or no longer counts.")
    BAD_SIGNATURE = "bad_signature", _("The signature does not fit the call.")
    REPLAYED = "replayed", _("The nonce was used before.")
    TOO_OFTEN = "too_often", _("Too many calls within a minute.")


class CallRefused(Exception):
    def __init__(self, reason: CallRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


class BadMessage(ValueError):
    """Another city's message does not have the agreed form."""


@dataclass(frozen=True, slots=True)
class Call:
    """The signed parts of a call. ``path`` is without host and query."""

    method: str
    path: str
    sender: str
    recipient: str
    key_id: str
    seconds: str
    nonce: str
    body: bytes

    @property
    def signed_bytes(self) -> bytes:
        digest = hashlib.sha256(self.body).hexdigest()
        parts = (self.method, self.path, self.sender, self.recipient, self.key_id, self.seconds, self.nonce, digest)
        return "\n".join(("HCC1", *parts)).encode()


def signed_headers(method: str, path: str, body: bytes, *, to: str, now: datetime) -> dict[str, str]:
    """Return the headers of a call of the current city to the division ``to``."""
    key = encryption.signing_key(Purpose.MESSAGE)
    seconds, nonce = str(int(now.timestamp())), secrets.token_urlsafe(18)
    one = Call(method, path, current_city().division, to, key_id_of(key.public_key).hex(), seconds, nonce, body)
    return {
        DIVISION: one.sender,
        KEY: one.key_id,
        TIMESTAMP: seconds,
        NONCE: nonce,
        SIGNATURE: SCHEME + base64.b64encode(key.sign(one.signed_bytes)).decode(),
    }


def ask(
    neighbour: Neighbour, path: str, content: Mapping[str, Any], *, now: datetime, limits: HttpLimits = MESSAGE_LIMITS
) -> dict[str, Any]:
    """Post JSON to a neighbour and return its answer.

    Raises ``CallFailed``, and ``NotTaken`` for any answer but a success.

    Call outside transactions.
    """
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = signed_headers("POST", path, body, to=neighbour.division, now=now)
    headers["Content-Type"] = "application/json"
    answer = call("POST", f"{neighbour.address}{path}", content=body, headers=headers, limits=limits)
    if not answer.is_success:
        raise NotTaken(answer.status)
    try:
        parsed = json.loads(answer.body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise NotTaken(answer.status)
    return parsed


class NotTaken(Exception):
    """The other city's answer is not as agreed; ``status`` is the HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


NO_ANSWER = (CallFailed, NotTaken)


def accept(method: str, path: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Neighbour:
    """Return the city that made this call to the current one. Raises ``CallRefused``. Call outside transactions.

    The nonce is used up last and permanently, so that a call that is not genuine uses up nobody's nonce.
    """
    one, signature = _read(method, path, headers, body)
    neighbour = neighbour_of(one.sender)
    if neighbour is None:
        raise CallRefused(CallRefusal.UNKNOWN_CITY)
    at = datetime.fromtimestamp(int(one.seconds), UTC)
    if abs(now - at) > CLOCKS_DIFFER:
        raise CallRefused(CallRefusal.STALE)
    key = message_key(neighbour, bytes.fromhex(one.key_id), now=now)
    if key is None or key.compromised_at is not None or (key.retired_at is not None and at > key.retired_at):
        raise CallRefused(CallRefusal.UNKNOWN_KEY)
    if not encryption.verify(one.signed_bytes, signature, public_key=key.public_key):
        raise CallRefused(CallRefusal.BAD_SIGNATURE)
    _take(neighbour, one.nonce, now=now)
    return neighbour


def _read(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[Call, bytes]:
    found = {name: headers.get(name, "") for name in HEADERS}
    try:
        signature = base64.b64decode(found[SIGNATURE].removeprefix(SCHEME), validate=True)
        key_id = bytes.fromhex(found[KEY]).hex()
    except (ValueError, binascii.Error):
        raise CallRefused(CallRefusal.NOT_SIGNED) from None
    seconds, nonce = found[TIMESTAMP], found[NONCE]
    readable = number_of(seconds, digits=10) is not None and nonce.isascii() and nonce.isprintable()
    if not (readable and 16 <= len(nonce) <= MOST_NONCE and found[SIGNATURE].startswith(SCHEME)):
        raise CallRefused(CallRefusal.NOT_SIGNED)
    return Call(method, path, found[DIVISION], current_city().division, key_id, seconds, nonce, body), signature


def _take(neighbour: Neighbour, nonce: str, *, now: datetime) -> None:
    """Use up the nonce and count the call, in the database, so that the count is shared by all web processes."""
    if NeighbourCall.objects.filter(neighbour=neighbour, at__gt=now - COUNTED).count() >= MOST_CALLS:
        raise CallRefused(CallRefusal.TOO_OFTEN)
    try:
        with transaction.atomic():
            NeighbourCall.objects.create(neighbour=neighbour, nonce=nonce, at=now)
    except IntegrityError:
        raise CallRefused(CallRefusal.REPLAYED) from None
