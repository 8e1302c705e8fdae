"""The manifest of an export: what the file is, who made it, its digest, and the city's signature of all of this.

With the file, its manifest and the city's public key anybody can check them without the portal (``docs/exports.md``).
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from regions.keys import encryption
from regions.keys.models import CityKey, Purpose

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


class Fault(TextChoices):
    """Why a file and its manifest are not valid."""

    NO_MANIFEST = "no_manifest", _("The manifest cannot be read.")
    NOT_A_MANIFEST = "not_a_manifest", _("This is no manifest of an export, or not a whole one.")
    KEY = "key", _("The public key in the manifest is none.")
    OTHER_KEY = "other_key", _("The manifest was signed with another key.")
    RETIRED_KEY = "retired_key", _("The manifest says it was made after its key was retired.")
    COMPROMISED_KEY = "compromised_key", _("The manifest's key was stolen: anybody may have signed it.")
    SIGNATURE = "signature", _("The manifest was changed after it was signed, or its signature is not of its key.")
    NO_FILE = "no_file", _("The file cannot be read.")
    FILE = "file", _("The file was changed: it is not the one in the manifest.")


class Untrue(ValueError):
    """The file does not match its manifest, or the manifest is not validly signed; the message states which."""

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.fault = fault


def manifest_path(file: Path) -> Path:
    return file.with_name(file.name + SUFFIX)


def digest_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def signed(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Return the statement with the key's number, the public key and the signature of the current city."""
    key = encryption.signing_key(Purpose.EXPORT)
    whole = {**statement, "key_id": key.number, "public_key": _base64(key.public_key)}
    return {**whole, SIGNATURE: _base64(key.sign(canonical(whole)))}


def canonical(statement: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed: JSON in UTF-8 with sorted keys and no white space, without the signature."""
    rest = {key: value for key, value in statement.items() if key != SIGNATURE}
    return json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read(file: Path) -> dict[str, Any]:
    """Read the manifest of an export. Raises ``Untrue`` if there is none that can be read."""
    path = manifest_path(file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Untrue(f"{path.name}: {error.strerror}", Fault.NO_MANIFEST) from error
    return parse(content, path.name)


def parse(content: bytes, name: str) -> dict[str, Any]:
    """Parse a manifest; ``name`` is its name in error messages. Raises ``Untrue``."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Untrue(f"{name} is not JSON", Fault.NOT_A_MANIFEST) from error
    if not isinstance(found, dict):
        raise Untrue(f"{name} is not a JSON object", Fault.NOT_A_MANIFEST)
    if missing := [key for key in FIELDS if key not in found]:
        raise Untrue(f"{name} lacks {', '.join(missing)}", Fault.NOT_A_MANIFEST)
    return found


def check(file: Path, *, public_key: bytes | None = None) -> dict[str, Any]:
    """Check the file against its manifest and the manifest against its signature, without the database. Raises ``Untrue``.

    Without ``public_key`` the manifest's own is used, which proves that nothing was changed since, but not who made it.
    """
    manifest = read(file)
    check_signature(manifest, public_key=public_key)
    try:
        digest = digest_of(file)
    except OSError as error:
        raise Untrue(f"{file}: {error.strerror}", Fault.NO_FILE) from error
    check_digest(manifest, digest)
    return manifest


def check_signature(manifest: Mapping[str, Any], *, public_key: bytes | None = None) -> None:
    """Raise ``Untrue`` unless the manifest is as it was signed."""
    own_key, signature = (_bytes(manifest, name) for name in ("public_key", SIGNATURE))
    if len(own_key) != PUBLIC_KEY_BYTES:
        raise Untrue("the manifest's public_key is not an Ed25519 key", Fault.KEY)
    if public_key is not None and own_key != public_key:
        raise Untrue("the manifest was signed with another key than the one given", Fault.OTHER_KEY)
    if not encryption.verify(canonical(manifest), signature, public_key=own_key):
        raise Untrue(
            "the manifest was changed after it was signed, or its signature is not of its key", Fault.SIGNATURE
        )


def check_digest(manifest: Mapping[str, Any], digest: str) -> None:
    """Raise ``Untrue`` unless ``digest`` is the SHA-256 in the manifest."""
    if digest != manifest["sha256"]:
        message = f"the file was changed: its SHA-256 is {digest}, and the manifest says {manifest['sha256']}"
        raise Untrue(message, Fault.FILE)


def is_this_citys(manifest: Mapping[str, Any]) -> bool:
    """Return whether the manifest was signed with a key of the current city.

    Raises ``Untrue`` if that key was compromised, or retired before the instant at which the manifest states that it was made.
    """
    key = CityKey.objects.filter(purpose=Purpose.EXPORT, public_key=_bytes(manifest, "public_key")).first()
    if key is None:
        return False
    if key.compromised_at is not None:
        raise Untrue(f"key {key.pk}, which signed the manifest, was compromised", Fault.COMPROMISED_KEY)
    try:
        made_at = datetime.fromisoformat(manifest["made_at"])
    except (TypeError, ValueError) as error:
        raise Untrue("the manifest's made_at is no instant", Fault.NOT_A_MANIFEST) from error
    if made_at.tzinfo is None:
        raise Untrue("the manifest's made_at has no offset", Fault.NOT_A_MANIFEST)
    # ``made_at`` is when the export was requested, which is before it is signed.
    if key.retired_at is not None and made_at > key.retired_at:
        raise Untrue(f"key {key.pk}, which signed the manifest, was retired before", Fault.RETIRED_KEY)
    return True


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(manifest: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(manifest[name], validate=True)
    except (TypeError, ValueError) as error:
        raise Untrue(f"the manifest's {name} is not base64", Fault.NOT_A_MANIFEST) from error
