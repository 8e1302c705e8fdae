"""Types of the names and addresses in a city file, each with its validation. No message repeats a value."""

import re
from collections.abc import Callable
from functools import cache
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from regions.divisions import is_division_code
from regions.faults import FaultCode
from regions.staff.roles import is_username
from regions.toml_files import invalid

_HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_zones = cache(available_timezones)


def _valid(is_valid: Callable[[str], object], code: FaultCode) -> AfterValidator:
    """Return a validator that accepts text for which the predicate is true and reports ``code`` otherwise."""

    def check(text: str) -> str:
        if not is_valid(text):
            raise invalid(code)
        return text

    return AfterValidator(check)


def _matching(pattern: str, code: FaultCode) -> AfterValidator:
    return _valid(re.compile(pattern).fullmatch, code)


def _is_not_reserved(schema: str) -> bool:
    return schema not in ("public", "information_schema") and not schema.startswith("pg_")


def _host(host: str) -> str:
    if len(host) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in host.lower().split(".")):
        raise invalid(FaultCode.NOT_A_HOST)
    return host.lower()


def _is_view(name: str) -> bool:
    parts = name.split(".")
    return len(parts) <= 2 and all(part.isidentifier() and len(part) <= 63 for part in parts)


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _database_url(url: SecretStr) -> SecretStr:
    try:
        make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        # The original error may repeat the URL, which holds a password.
        raise invalid(FaultCode.NOT_A_DATABASE_URL) from None
    return url


def _base_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        port_is_possible = parts.port is None or parts.port > 0
    except ValueError:
        raise invalid(FaultCode.NOT_A_BASE_URL) from None
    is_plain = "@" not in parts.netloc and not re.search(r"[\s\\?#]", url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain or not port_is_possible:
        raise invalid(FaultCode.NOT_A_BASE_URL)
    return url.rstrip("/")


def _secret(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise invalid(FaultCode.EMPTY)
    return secret


SchemaName = Annotated[
    str,
    _matching(r"[a-z][a-z0-9_]{1,39}", FaultCode.NOT_A_SCHEMA),
    _valid(_is_not_reserved, FaultCode.RESERVED_SCHEMA),
]
Code = Annotated[str, _matching(r"[a-z][a-z0-9_-]{0,39}", FaultCode.NOT_A_CODE)]
Division = Annotated[str, _valid(is_division_code, FaultCode.NOT_A_DIVISION)]
Host = Annotated[str, AfterValidator(_host)]
TimeZone = Annotated[str, _valid(lambda name: name in _zones(), FaultCode.NOT_A_TIME_ZONE)]
Username = Annotated[str, _valid(is_username, FaultCode.NOT_A_USERNAME)]
Email = Annotated[str, Field(max_length=254), _valid(_is_email, FaultCode.NOT_AN_EMAIL)]
Hotline = Annotated[str, _matching(r"\+?[0-9][0-9 -]{1,28}[0-9]", FaultCode.NOT_A_PHONE)]
InterimPolicy = Annotated[str, _matching(r"strictest|freshest|prefer:.+", FaultCode.NOT_A_POLICY)]
Text = Annotated[str, Field(max_length=200), _valid(str.strip, FaultCode.EMPTY)]
EnvironmentName = Annotated[str, _matching(r"[A-Za-z_][A-Za-z0-9_]{0,99}", FaultCode.NOT_A_VARIABLE)]
View = Annotated[str, _valid(_is_view, FaultCode.NOT_A_VIEW)]
AppId = Annotated[str, Field(max_length=200), _matching(r"[!-~]+", FaultCode.NOT_PRINTABLE_ASCII)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Secret = Annotated[SecretStr, AfterValidator(_secret)]
