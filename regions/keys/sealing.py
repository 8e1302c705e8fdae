"""What must not be readable in the database: how each is encrypted, and by which hash it is found."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from regions.identity import Identity
from regions.keys import vault
from regions.keys.vault import CannotDecrypt

ID_NUMBER = "id_number"
PHONE = "phone"
PROVIDER_KEY = "provider_key"
QUARANTINED_RECORD = "quarantined_record"
SOURCE_CREDENTIAL = "source_credential"


def identity_hash(identity: Identity) -> bytes:
    """What a citizen is found by; the type counts, as numbers of two kinds of documents may be alike."""
    return vault.lookup_hash(f"{identity.id_type.value}:{identity.id_number}", use=ID_NUMBER)


def seal_number(identity: Identity) -> bytes:
    """The number alone; its type stands beside it in the clear."""
    return vault.encrypt(identity.id_number, use=ID_NUMBER)


def open_number(sealed: bytes) -> str:
    """The inverse. Raises ``CannotDecrypt``. Whoever calls this answers for a purpose and a journal entry."""
    return vault.decrypt(sealed, use=ID_NUMBER)


def phone_hash(phone: str) -> bytes:
    """What a phone is found by."""
    return vault.lookup_hash(phone, use=PHONE)


def seal_phone(phone: str) -> bytes:
    """The phone as it is stored."""
    return vault.encrypt(phone, use=PHONE)


def open_phone(sealed: bytes) -> str:
    """The inverse, for sending a code to it. Raises ``CannotDecrypt``."""
    return vault.decrypt(sealed, use=PHONE)


def provider_key_hash(key: str) -> bytes:
    """What a provider's key is known by; the key itself is stored nowhere."""
    return vault.lookup_hash(key, use=PROVIDER_KEY)


def content_hash(digest: bytes, *, use: str) -> bytes:
    """A content's digest, keyed before it is stored: a bare one, with all else known, gives an ID number away."""
    return vault.lookup_hash(digest.hex(), use=use)


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
