"""The published keys a checkpoint verifies with: a JSON file, one city's keys or several cities' files together."""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

KEY_ID_BYTES = 8
PUBLIC_KEY_BYTES = 32


class BadKeyList(ValueError):
    """The file is no list of keys; the message says where."""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """``retired_at``: nothing it signs after that counts; what it signed before still does.

    ``compromised_at``: somebody else holds it, and nothing it ever signed counts.
    """

    division: str
    public_key: bytes
    created_at: datetime
    retired_at: datetime | None
    compromised_at: datetime | None = None

    @property
    def key_id(self) -> bytes:
        """The name a token calls it by: it follows from the key, so no two cities can claim one name."""
        return key_id_of(self.public_key)


KeyList = dict[bytes, PublishedKey]


def key_id_of(public_key: bytes) -> bytes:
    """The first bytes of the key's SHA-256."""
    return hashlib.sha256(public_key).digest()[:KEY_ID_BYTES]


def as_json(keys: Iterable[PublishedKey], *, published_at: datetime) -> str:
    rows = [
        {
            "division": key.division,
            "key_id": key.key_id.hex(),
            "algorithm": "EdDSA",
            "public_key": base64.b64encode(key.public_key).decode(),
            "created_at": key.created_at.isoformat(),
            "retired_at": key.retired_at.isoformat() if key.retired_at else None,
            "compromised_at": key.compromised_at.isoformat() if key.compromised_at else None,
        }
        for key in keys
    ]
    return json.dumps({"version": 1, "published_at": published_at.isoformat(), "keys": rows}, indent=2) + "\n"


def from_json(*texts: str) -> KeyList:
    """The keys of these files by their ids. Raises ``BadKeyList``."""
    found: KeyList = {}
    for text in texts:
        for place, row in enumerate(_rows(text)):
            try:
                key = _key(row)
            except (KeyError, TypeError, ValueError) as error:
                raise BadKeyList(f"keys[{place}] is no published key: {error}") from error
            if row["key_id"] != key.key_id.hex():
                raise BadKeyList(f"keys[{place}].key_id is not that of its key")
            if row["algorithm"] != "EdDSA":
                raise BadKeyList(f"keys[{place}].algorithm is not EdDSA")
            found[key.key_id] = key
    return found


def _rows(text: str) -> list[dict[str, Any]]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise BadKeyList("the file is not JSON") from error
    if not isinstance(content, dict) or content.get("version") != 1 or not isinstance(content.get("keys"), list):
        raise BadKeyList("the file is no key list of version 1")
    return list(content["keys"])


def _key(row: dict[str, Any]) -> PublishedKey:
    public_key = base64.b64decode(row["public_key"], validate=True)
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise ValueError("a public key has 32 bytes")
    created_at = datetime.fromisoformat(row["created_at"])
    # Lists written before keys could be called compromised lack the last.
    ended = (row["retired_at"], row.get("compromised_at"))
    retired_at, compromised_at = (datetime.fromisoformat(one) if one else None for one in ended)
    return PublishedKey(str(row["division"]), public_key, created_at, retired_at, compromised_at)
