"""Encryption with the installation's own key, for what belongs to no city."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from regions.keys.vault import CannotDecrypt

NONCE_BYTES = 12


def seal(plain: bytes, *, use: str) -> bytes:
    """AES-GCM under a key derived for this use."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(use).encrypt(nonce, plain, None)


def unseal(sealed: bytes, *, use: str) -> bytes:
    """The inverse. Raises ``CannotDecrypt``."""
    try:
        return _cipher(use).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    except InvalidTag as error:
        raise CannotDecrypt(
            f"a sealed {use} does not open; is KEY_ENCRYPTION_KEY the one it was sealed with?"
        ) from error


def _cipher(use: str) -> AESGCM:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"installation {use}".encode())
    return AESGCM(derivation.derive(settings.KEY_ENCRYPTION_KEY))
