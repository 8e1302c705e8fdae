"""The password of a city's login: kept nowhere, derived when it is set and when it is used."""

from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def login_password(role: str) -> str:
    derived = HKDF(SHA256(), length=32, salt=None, info=f"login of {role}".encode()).derive(settings.KEY_ENCRYPTION_KEY)
    return urlsafe_b64encode(derived).decode()
