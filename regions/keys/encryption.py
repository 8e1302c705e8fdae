"""Encryption, look-up hashes and signatures with the keys of the current city.

Only ``encrypt_for_installation`` uses no city's key: it is for values stored in ``public`` or before a city exists.
"""

import hashlib
import hmac
import os
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db.models import Subquery

from regions.identity import Identity
from regions.installation import installation_key
from regions.keys.models import CityKey, Purpose
from regions.tenancy import current_city

NONCE_BYTES = 12
KEY_ID_BYTES = 4
# The longest time that a process unaware of a rotation goes on encrypting with the old key.
SECONDS_REMEMBERED = 5
SIGNING = {Purpose.JOURNAL, Purpose.EXPORT, Purpose.PASS, Purpose.MESSAGE}

# Uses of encrypted and hashed values; a value moved from one use to another cannot be decrypted.
ID_NUMBER = "id_number"
PHONE = "phone"
PROVIDER_KEY = "provider_key"
QUARANTINED_RECORD = "quarantined_record"
SOURCE_CREDENTIAL = "source_credential"
SIGN_IN_CODE = "sign_in_code"
PHONE_CODE = "phone_code"
PROVIDER_SIGNATURE = "provider_signature"
API_ANSWER = "api_answer"
CODE_CALL = "code_call"


class CannotDecrypt(ValueError):
    """Raised if the bytes were altered or belong to another use, or their key does not exist."""


def create_keys(*, now: datetime) -> list[CityKey]:
    """Create a key for each purpose for which the current city has none in use. Return the new keys."""
    present = set(CityKey.objects.filter(retired_at__isnull=True).values_list("purpose", flat=True))
    return [_create(purpose, now=now) for purpose in Purpose if purpose not in present]


def rotate(purpose: Purpose, *, now: datetime) -> CityKey:
    """Retire the key in use and create a new one; what the old one encrypted or signed stays readable. Call in a transaction.

    The look-up key is never rotated: hashes under two keys could not be compared, and nothing is decrypted with it.
    """
    if purpose is Purpose.LOOKUP:
        raise ValueError("the look-up key cannot rotate by itself: every stored hash would have to be made again")
    CityKey.objects.filter(purpose=purpose, retired_at__isnull=True).update(retired_at=now)
    _in_use.cache_clear()
    return _create(purpose, now=now)


def encrypt(plain: str, *, use: str) -> bytes:
    """Encrypt with AES-GCM and the city's data key, bound to ``use``."""
    return encrypt_bytes(plain.encode(), use=use)


def encrypt_bytes(plain: bytes, *, use: str) -> bytes:
    period = int(time.monotonic()) // SECONDS_REMEMBERED
    key_id, key = _in_use(current_city().schema_name, Purpose.DATA, period)
    nonce = os.urandom(NONCE_BYTES)
    return key_id.to_bytes(KEY_ID_BYTES, "big") + nonce + AESGCM(key).encrypt(nonce, plain, use.encode())


def decrypt(encrypted: bytes, *, use: str) -> str:
    """Decrypt what ``encrypt`` returned. Raises ``CannotDecrypt``."""
    return decrypt_bytes(encrypted, use=use).decode()


def decrypt_bytes(encrypted: bytes, *, use: str) -> bytes:
    encrypted = bytes(encrypted)
    key = _by_id(current_city().schema_name, key_of(encrypted), Purpose.DATA)
    nonce, body = encrypted[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES], encrypted[KEY_ID_BYTES + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, use.encode())
    except InvalidTag as error:
        raise CannotDecrypt(f"a stored {use} does not open; was it altered or moved?") from error


def lookup_hash(plain: str, *, use: str) -> bytes:
    """Return a keyed SHA-256 by which an encrypted value is found. It can be compared only within one city and one use."""
    _, key = _in_use(current_city().schema_name, Purpose.LOOKUP)
    return hmac.digest(key, f"{use}\x00{plain}".encode(), hashlib.sha256)


def encrypt_block(block: bytes, *, use: str) -> bytes:
    """Encrypt 16 bytes deterministically to 16 bytes. They can be compared only within one city and use, and decrypted only there."""
    sealing = _block_cipher(use).encryptor()
    return sealing.update(block) + sealing.finalize()


def decrypt_block(encrypted: bytes, *, use: str) -> bytes:
    """Decrypt what ``encrypt_block`` returned. Any 16 bytes decrypt without error: the caller checks that the result is genuine."""
    opening = _block_cipher(use).decryptor()
    return opening.update(encrypted) + opening.finalize()


def _block_cipher(use: str) -> Cipher[modes.ECB]:
    """Return a cipher with a key derived from the look-up key, which is never rotated."""
    _, key = _in_use(current_city().schema_name, Purpose.LOOKUP)
    return _cipher(key, use)


@lru_cache(maxsize=1024)
def _cipher(key: bytes, use: str) -> Cipher[modes.ECB]:
    # Only single blocks are encrypted, so ECB is sufficient.
    return Cipher(algorithms.AES(hmac.digest(key, f"block\x00{use}".encode(), hashlib.sha256)), modes.ECB())  # noqa: S305


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A city's Ed25519 key for one purpose, with its number and public key."""

    number: int
    public_key: bytes
    seed: bytes = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of a message."""
        return _private_key(self.seed).sign(message)


def signing_key(purpose: Purpose, *, number: int | None = None) -> SigningKey:
    """Return the key in use, as read from the database, so that nothing is signed with a key another process has retired.

    ``number`` is the value of ``number_in_use``, if the caller has just read it in a query of its own.
    """
    if number is None:
        in_use = CityKey.objects.filter(purpose=purpose, retired_at__isnull=True, public_key__isnull=False)
        number = in_use.values_list("pk", flat=True).get()
    seed = _by_id(current_city().schema_name, number, purpose)
    return SigningKey(number, _public_key(seed), seed)


def number_in_use(purpose: Purpose) -> Subquery:
    """Return a subquery for the number of the key in use."""
    return Subquery(CityKey.objects.filter(purpose=purpose, retired_at__isnull=True).values("pk")[:1])


def sign(message: bytes, *, purpose: Purpose) -> tuple[int, bytes]:
    """Sign with Ed25519 and the key in use. Return (key id, 64-byte signature)."""
    key = signing_key(purpose)
    return key.number, key.sign(message)


def data_key_in_use() -> int:
    """Return the number of the key that ``encrypt`` uses from now on, as read from the database."""
    return CityKey.objects.get(purpose=Purpose.DATA, retired_at__isnull=True).pk


def key_of(encrypted: bytes) -> int:
    """Return the number of the data key that a value was encrypted with."""
    return int.from_bytes(bytes(encrypted[:KEY_ID_BYTES]), "big")


def key_in_use(purpose: Purpose) -> int:
    """Return the number of the key that ``sign`` uses now."""
    return signing_key(purpose).number


def verify(message: bytes, signature: bytes, *, public_key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes(public_key)).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def public_key(key_id: int) -> bytes:
    """Return the 32 raw bytes a verifier needs. Raises ``CityKey.DoesNotExist``."""
    return bytes(CityKey.objects.get(pk=key_id, public_key__isnull=False).public_key or b"")


def own_public_key(key_id: int, purpose: Purpose) -> bytes:
    """Return the public key of a wrapped signing key. Raises ``CannotDecrypt``.

    Anybody who can write to the table can replace the stored public key, but not the wrapped secret.
    """
    return _public_key(_by_id(current_city().schema_name, key_id, purpose))


def compromised_keys(purpose: Purpose) -> dict[int, datetime]:
    """Return the numbers of compromised keys with the instant from which each is known to be compromised."""
    found = CityKey.objects.filter(purpose=purpose, compromised_at__isnull=False)
    return {key.pk: key.compromised_at for key in found if key.compromised_at}


def forget_cached_keys() -> None:
    """Drop cached keys, after a rotation in another process and between tests."""
    _in_use.cache_clear()
    _by_id.cache_clear()
    _cipher.cache_clear()
    _private_key.cache_clear()
    _public_key.cache_clear()


def identity_hash(identity: Identity) -> bytes:
    """Return the hash by which a citizen is found. It includes the type, as numbers of two types may be equal."""
    return lookup_hash(f"{identity.id_type.value}:{identity.id_number}", use=ID_NUMBER)


def encrypt_number(identity: Identity) -> bytes:
    """Encrypt the number; the document type is stored in plain text."""
    return encrypt(identity.id_number, use=ID_NUMBER)


def decrypt_number(encrypted: bytes) -> str:
    """Decrypt a number. Raises ``CannotDecrypt``. The caller must have a purpose and write a journal entry."""
    return decrypt(encrypted, use=ID_NUMBER)


def phone_hash(phone: str) -> bytes:
    return lookup_hash(phone, use=PHONE)


def encrypt_phone(phone: str) -> bytes:
    return encrypt(phone, use=PHONE)


def decrypt_phone(encrypted: bytes) -> str:
    """Decrypt a phone number, to send a code to it. Raises ``CannotDecrypt``."""
    return decrypt(encrypted, use=PHONE)


def provider_key_hash(key: str) -> bytes:
    """Return the hash by which a provider's key is found; the key itself is not stored."""
    return lookup_hash(key, use=PROVIDER_KEY)


def provider_signing_secret(key_hash: bytes) -> str:
    """Return the secret with which a provider signs calls instead of sending its key. It is derived each time and not stored."""
    return lookup_hash(bytes(key_hash).hex(), use=PROVIDER_SIGNATURE).hex()


def content_hash(digest: bytes, *, use: str) -> bytes:
    """Return a keyed hash of a content's digest. From a plain digest, somebody who knows the rest could find an ID number."""
    return lookup_hash(digest.hex(), use=use)


def encrypt_for_installation(plain: bytes, *, use: str, schema: str = "") -> bytes:
    """Encrypt with AES-GCM and a key derived from the key-encryption key for this use, bound to a schema if one is given."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _installation_cipher(use).encrypt(nonce, plain, schema.encode())


def decrypt_for_installation(encrypted: bytes, *, use: str, schema: str = "") -> bytes:
    """Decrypt what ``encrypt_for_installation`` returned. Raises ``CannotDecrypt``."""
    nonce, body = encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:]
    try:
        return _installation_cipher(use).decrypt(nonce, body, schema.encode())
    except InvalidTag as error:
        raise CannotDecrypt(
            f"{use}: the value does not open; is KEY_ENCRYPTION_KEY the one it was encrypted with?"
        ) from error


def _installation_cipher(use: str) -> AESGCM:
    return AESGCM(installation_key(use))


def _create(purpose: Purpose, *, now: datetime) -> CityKey:
    secret = os.urandom(32)
    public = None
    if purpose in SIGNING:
        public = _public_key(secret)
    return CityKey.objects.create(purpose=purpose, wrapped=_wrap(secret, purpose), public_key=public, created_at=now)


@lru_cache(maxsize=1024)
def _in_use(schema: str, purpose: Purpose, _period: int = 0) -> tuple[int, bytes]:
    """Return the key in use, cached for the period; permanently without one, which is for the key that is never rotated."""
    key = CityKey.objects.get(purpose=purpose, retired_at__isnull=True)
    return key.pk, _unwrap(bytes(key.wrapped), purpose, schema)


@lru_cache(maxsize=4096)
def _by_id(schema: str, key_id: int, purpose: Purpose) -> bytes:
    key = CityKey.objects.filter(pk=key_id, purpose=purpose).first()
    if key is None:
        raise CannotDecrypt("the key of a stored value is not in this city")
    return _unwrap(bytes(key.wrapped), purpose, schema)


@lru_cache(maxsize=1024)
def _private_key(seed: bytes) -> Ed25519PrivateKey:
    """Return the key object. It is cached because creating it takes as long as a signature."""
    return Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=1024)
def _public_key(seed: bytes) -> bytes:
    return _private_key(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _wrap(secret: bytes, purpose: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    bound = f"{current_city().schema_name}/{purpose}".encode()
    return nonce + AESGCM(settings.KEY_ENCRYPTION_KEY).encrypt(nonce, secret, bound)


def _unwrap(wrapped: bytes, purpose: str, schema: str) -> bytes:
    try:
        body = wrapped[NONCE_BYTES:]
        return AESGCM(settings.KEY_ENCRYPTION_KEY).decrypt(wrapped[:NONCE_BYTES], body, f"{schema}/{purpose}".encode())
    except InvalidTag as error:
        raise CannotDecrypt("KEY_ENCRYPTION_KEY is not the one this city's keys were made with") from error
