"""Encrypting the secrets of one-time codes. The operator's staff have them too, so the key is the installation's, not a city's."""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12


def seal_secret(secret: str, *, place: str) -> str:
    """AES-GCM, bound to the schema it is stored in."""
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + _cipher().encrypt(nonce, secret.encode(), place.encode())).decode()


def open_secret(sealed: str, *, place: str) -> str:
    """The inverse. ValueError when it was altered, or comes from another schema or key."""
    raw = base64.b64decode(sealed)
    try:
        return _cipher().decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()).decode()
    except InvalidTag as error:
        raise ValueError(
            "a one-time-code secret does not open; is KEY_ENCRYPTION_KEY the one it was sealed with?"
        ) from error


def _cipher() -> AESGCM:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"secrets of one-time codes")
    return AESGCM(derivation.derive(settings.KEY_ENCRYPTION_KEY))
