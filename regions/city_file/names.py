"""The names and addresses a city file holds, each with the rule it has to pass. No message repeats a value."""

import re
from functools import cache
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from regions.divisions import is_division_code
from regions.faults import FaultCode
from regions.toml_files import invalid

_SCHEMA = re.compile(r"[a-z][a-z0-9_]{1,39}")
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_POLICY = re.compile(r"strictest|freshest|prefer:.+")
_HEADER_TEXT = re.compile(r"[!-~]+")


def _schema(name: str) -> str:
    if not _SCHEMA.fullmatch(name):
        raise invalid(FaultCode.NOT_A_SCHEMA)
    if name in ("public", "information_schema") or name.startswith("pg_"):
        raise invalid(FaultCode.RESERVED_SCHEMA)
    return name


def _code(code: str) -> str:
    if not _CODE.fullmatch(code):
        raise invalid(FaultCode.NOT_A_CODE)
    return code


def _division(code: str) -> str:
    if not is_division_code(code):
        raise invalid(FaultCode.NOT_A_DIVISION)
    return code


def _host(host: str) -> str:
    if len(host) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in host.lower().split(".")):
        raise invalid(FaultCode.NOT_A_HOST)
    return host.lower()


@cache
def _zones() -> set[str]:
    return available_timezones()


def _timezone(name: str) -> str:
    if name not in _zones():
        raise invalid(FaultCode.NOT_A_TIME_ZONE)
    return name


def _policy(policy: str) -> str:
    if not _POLICY.fullmatch(policy):
        raise invalid(FaultCode.NOT_A_POLICY)
    return policy


def _not_blank(text: str) -> str:
    if not text.strip():
        raise invalid(FaultCode.EMPTY)
    return text


def _environment_name(name: str) -> str:
    if not _ENVIRONMENT_NAME.fullmatch(name):
        raise invalid(FaultCode.NOT_A_VARIABLE)
    return name


def _view(name: str) -> str:
    parts = name.split(".")
    if len(parts) > 2 or not all(part.isidentifier() and len(part) <= 63 for part in parts):
        raise invalid(FaultCode.NOT_A_VIEW)
    return name


def _app_id(app_id: str) -> str:
    if not _HEADER_TEXT.fullmatch(app_id):
        raise invalid(FaultCode.NOT_PRINTABLE_ASCII)
    return app_id


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
    _not_blank(secret.get_secret_value())
    return secret


SchemaName = Annotated[str, AfterValidator(_schema)]
Code = Annotated[str, AfterValidator(_code)]
Division = Annotated[str, AfterValidator(_division)]
Host = Annotated[str, AfterValidator(_host)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
InterimPolicy = Annotated[str, AfterValidator(_policy)]
Text = Annotated[str, Field(max_length=200), AfterValidator(_not_blank)]
EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
View = Annotated[str, AfterValidator(_view)]
AppId = Annotated[str, Field(max_length=200), AfterValidator(_app_id)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Secret = Annotated[SecretStr, AfterValidator(_secret)]
