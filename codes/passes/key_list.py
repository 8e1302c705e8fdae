"""The published keys of a city as a signed JSON file (``docs/adr/0038-passes-off-line.md``).

The signature covers the list without its signature, as JSON with sorted keys and no white space.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from regions.instants import instant_of

KEY_ID_BYTES = 8
PUBLIC_KEY_BYTES = 32
OFFLINE_DAYS = 7
VERSION = 2
PASS_USE, MESSAGE_USE = "pass", "message"


class BadKeyList(ValueError):
    """The file is not a valid key list; the message says where."""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A published key. ``retired_at``: tokens signed later are invalid; those signed earlier stay valid.

    ``compromised_at``: somebody else holds the key, and everything it ever signed is invalid.
    """

    division: str
    public_key: bytes
    created_at: datetime
    retired_at: datetime | None
    compromised_at: datetime | None = None
    use: str = PASS_USE

    @property
    def key_id(self) -> bytes:
        """The id by which tokens refer to the key. It is derived from the key, so that no two cities can use the same id."""
        return key_id_of(self.public_key)


KeyList = dict[bytes, PublishedKey]


def key_id_of(public_key: bytes) -> bytes:
    """Return the first bytes of the key's SHA-256."""
    return hashlib.sha256(public_key).digest()[:KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class SignedList:
    """A city's list with a valid signature. A gate pins ``signed_by``, because a list cannot vouch for its own signer."""

    division: str
    published_at: datetime
    offline_days: int
    keys: tuple[PublishedKey, ...]
    signed_by: bytes

    @property
    def usable_until(self) -> datetime:
        return self.published_at + timedelta(days=self.offline_days)


def pass_keys(lists: Iterable[SignedList]) -> KeyList:
    """Return the keys that sign passes, without those that sign messages."""
    return {key.key_id: key for one in lists for key in one.keys if key.use == PASS_USE}


def write_list(
    keys: Iterable[PublishedKey],
    *,
    division: str,
    published_at: datetime,
    signed_by: bytes,
    sign: Callable[[bytes], bytes],
    offline_days: int = OFFLINE_DAYS,
) -> str:
    rows = [
        {
            "division": key.division,
            "key_id": key.key_id.hex(),
            "use": key.use,
            "algorithm": "EdDSA",
            "public_key": base64.b64encode(key.public_key).decode(),
            "created_at": key.created_at.isoformat(),
            "retired_at": key.retired_at.isoformat() if key.retired_at else None,
            "compromised_at": key.compromised_at.isoformat() if key.compromised_at else None,
        }
        for key in keys
    ]
    content = {
        "version": VERSION,
        "division": division,
        "published_at": published_at.isoformat(),
        "offline_days": offline_days,
        "keys": rows,
        "signed_by": base64.b64encode(signed_by).decode(),
    }
    signature = base64.b64encode(sign(_signed_bytes(content))).decode()
    return json.dumps({**content, "signature": signature}, indent=2) + "\n"


def read_list(text: str, *, pinned: bytes | None = None) -> SignedList:
    """Return the list if its signature is valid and, if a signer is pinned, by that signer. Raises ``BadKeyList``."""
    content = _content(text)
    try:
        signed_by = base64.b64decode(content["signed_by"], validate=True)
        signature = base64.b64decode(content.pop("signature"), validate=True)
        Ed25519PublicKey.from_public_bytes(signed_by).verify(signature, _signed_bytes(content))
    except (KeyError, TypeError, ValueError, InvalidSignature) as error:
        raise BadKeyList("the list is not signed, or was changed after it was") from error
    if pinned is not None and signed_by != pinned:
        raise BadKeyList("the list is signed by somebody else than the lists before")
    try:
        published_at, days = _instant(content["published_at"]), content["offline_days"]
        division = content["division"]
        if type(days) is not int or not 0 < days <= 366 or not isinstance(division, str):
            raise ValueError("it says neither whose it is nor for how long it may be used")
    except (KeyError, TypeError, ValueError) as error:
        raise BadKeyList(f"the list is incomplete: {error}") from error
    keys = tuple(_checked(row, place, division) for place, row in enumerate(content["keys"]))
    return SignedList(division, published_at, days, keys, signed_by)


def _signed_bytes(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _content(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadKeyList("the file is not JSON") from error
    if not isinstance(content, dict) or content.get("version") != VERSION or not isinstance(content.get("keys"), list):
        raise BadKeyList(f"the file is no key list of version {VERSION}")
    return content


def _checked(row: Any, place: int, division: str) -> PublishedKey:
    try:
        key = _key(row)
    except (KeyError, TypeError, ValueError) as error:
        raise BadKeyList(f"keys[{place}] is no published key: {error}") from error
    if row["key_id"] != key.key_id.hex():
        raise BadKeyList(f"keys[{place}].key_id is not that of its key")
    if row["algorithm"] != "EdDSA":
        raise BadKeyList(f"keys[{place}].algorithm is not EdDSA")
    if key.division != division:
        raise BadKeyList(f"keys[{place}] is not of the city whose list it is")
    return key


def _key(row: dict[str, Any]) -> PublishedKey:
    public_key = base64.b64decode(row["public_key"], validate=True)
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise ValueError("a public key has 32 bytes")
    if row["use"] not in (PASS_USE, MESSAGE_USE):
        raise ValueError("it has no known use")
    ended = (row["retired_at"], row["compromised_at"])
    retired_at, compromised_at = (_instant(one) if one else None for one in ended)
    created_at = _instant(row["created_at"])
    return PublishedKey(str(row["division"]), public_key, created_at, retired_at, compromised_at, str(row["use"]))


def _instant(text: str) -> datetime:
    instant = instant_of(text)
    if instant is None:
        raise ValueError("an instant without a time zone, or out of all time")
    return instant
