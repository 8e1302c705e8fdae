"""Keys and passwords derived from the installation's key. They are not stored anywhere."""

from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def installation_key(use: str) -> bytes:
    """Derive 32 bytes for one use from the key-encryption key, which is not in the database."""
    return HKDF(SHA256(), length=32, salt=None, info=use.encode()).derive(settings.KEY_ENCRYPTION_KEY)


def login_password(role: str) -> str:
    """Return the password of a city's login. It is derived both when it is set and when it is used."""
    return urlsafe_b64encode(installation_key(f"login of {role}")).decode()
