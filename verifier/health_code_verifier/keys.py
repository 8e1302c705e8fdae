"""A city's signed key list."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class BadKeyList(ValueError):
    """The list cannot be used; the message says why."""


@dataclass(frozen=True)
class Key:
    """``retired_at``: what it signs after that does not count; ``compromised``: nothing counts that it signed."""

    division: str
    public_key: bytes
    retired_at: datetime | None
    compromised: bool


@dataclass(frozen=True)
class KeyList:
    division: str
    published_at: datetime
    usable_until: datetime
    signed_by: bytes
    keys: dict[bytes, Key]


def read_list(text: str, pinned: tuple[bytes, ...] = ()) -> KeyList:
    """The list, if its signature is right and by a pinned signer where any is pinned. Raises ``BadKeyList``."""
    try:
        content = json.loads(text)
        signature = base64.b64decode(content.pop("signature"), validate=True)
        signed_by = base64.b64decode(content["signed_by"], validate=True)
        signed = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
        Ed25519PublicKey.from_public_bytes(signed_by).verify(signature, signed)
        if content["version"] != 2:
            raise ValueError("it is of another version")
        if type(content["offline_days"]) is not int or not 0 < content["offline_days"] <= 366:
            raise ValueError("it does not say for how long it may be used")
        published_at = _instant(content["published_at"])
        keys = dict(_key(row, content["division"]) for row in content["keys"] if row["use"] == "pass")
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, InvalidSignature) as error:
        raise BadKeyList(f"no signed key list: {str(error) or 'the signature is wrong'}") from error
    if pinned and signed_by not in pinned:
        raise BadKeyList("the list is signed by somebody who is not pinned")
    until = published_at + timedelta(days=content["offline_days"])
    return KeyList(str(content["division"]), published_at, until, signed_by, keys)


def _key(row: dict[str, Any], division: str) -> tuple[bytes, Key]:
    public_key = base64.b64decode(row["public_key"], validate=True)
    key_id = hashlib.sha256(public_key).digest()[:8]
    if (
        len(public_key) != 32
        or row["key_id"] != key_id.hex()
        or row["algorithm"] != "EdDSA"
        or row["division"] != division
    ):
        raise ValueError("a key is not what it is called")
    retired_at = _instant(row["retired_at"]) if row["retired_at"] else None
    return key_id, Key(division, public_key, retired_at, row["compromised_at"] is not None)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None or not 1900 <= instant.year <= 2100:
        raise ValueError("an instant has no time zone, or lies out of all time")
    return instant
