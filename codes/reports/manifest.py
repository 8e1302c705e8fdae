"""The statement beside an export: what the file is, who made it, its digest, and the city's signature under all of it.

Whoever holds the file, its manifest and the city's public key can check them without the portal (``docs/exports.md``).
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regions.keys import vault
from regions.keys.models import Purpose

SUFFIX = ".manifest.json"
SIGNATURE = "signature"
PUBLIC_KEY_BYTES = 32
FIELDS = (
    "report",
    "city",
    "filters",
    "columns",
    "rows",
    "sha256",
    "format",
    "identified",
    "made_at",
    "made_by",
    "key_id",
    "public_key",
    SIGNATURE,
)


class Untrue(ValueError):
    """The file is not what its manifest says, or nobody signed the manifest; the message says which."""


def manifest_path(file: Path) -> Path:
    """Where the manifest of an export stands."""
    return file.with_name(file.name + SUFFIX)


def digest_of(file: Path) -> str:
    """SHA-256 of the file, in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def signed(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement with the key's number, the public key and the signature of the current city."""
    key_id = vault.key_in_use(Purpose.EXPORT)
    whole = {**statement, "key_id": key_id, "public_key": _base64(vault.public_key(key_id))}
    _, signature = vault.sign(canonical(whole), purpose=Purpose.EXPORT)
    return {**whole, SIGNATURE: _base64(signature)}


def canonical(statement: Mapping[str, Any]) -> bytes:
    """What is signed: JSON in UTF-8 with sorted keys and no white space, without the signature."""
    rest = {key: value for key, value in statement.items() if key != SIGNATURE}
    return json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read(file: Path) -> dict[str, Any]:
    """The manifest of an export. Raises ``Untrue`` when there is none that can be read."""
    path = manifest_path(file)
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise Untrue(f"{path.name}: {error.strerror}") from error
    except ValueError as error:
        raise Untrue(f"{path.name} is not JSON") from error
    if not isinstance(found, dict):
        raise Untrue(f"{path.name} is not a JSON object")
    if missing := [name for name in FIELDS if name not in found]:
        raise Untrue(f"{path.name} lacks {', '.join(missing)}")
    return found


def check(file: Path, *, public_key: bytes | None = None) -> dict[str, Any]:
    """Hold the file against its manifest, and that against its signature; no database is asked. Raises ``Untrue``.

    Without ``public_key`` the manifest's own is used, which shows that nothing was changed since, but not who made it.
    """
    manifest = read(file)
    own_key, signature = (_bytes(manifest, name) for name in ("public_key", SIGNATURE))
    if len(own_key) != PUBLIC_KEY_BYTES:
        raise Untrue("the manifest's public_key is not an Ed25519 key")
    if public_key is not None and own_key != public_key:
        raise Untrue("the manifest was signed with another key than the one given")
    if not vault.verify(canonical(manifest), signature, public_key=own_key):
        raise Untrue("the manifest was changed after it was signed, or its signature is not of its key")
    try:
        digest = digest_of(file)
    except OSError as error:
        raise Untrue(f"{file}: {error.strerror}") from error
    if digest != manifest["sha256"]:
        raise Untrue(f"the file was changed: its SHA-256 is {digest}, and the manifest says {manifest['sha256']}")
    return manifest


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(manifest: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(manifest[name], validate=True)
    except (TypeError, ValueError) as error:
        raise Untrue(f"the manifest's {name} is not base64") from error
