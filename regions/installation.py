"""What is derived from the installation's key: nothing of it is stored, in the database or elsewhere."""

from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def installation_key(use: str) -> bytes:
    """32 bytes derived from the key-encryption key, which the database does not hold, for one use."""
    return HKDF(SHA256(), length=32, salt=None, info=use.encode()).derive(settings.KEY_ENCRYPTION_KEY)


def login_password(role: str) -> str:
    """The password of a city's login, derived when it is set and when it is used."""
    return urlsafe_b64encode(installation_key(f"login of {role}")).decode()
