"""The portal's settings from environment variables, read once and checked.

`docs/operations.md` lists the variables. A fault names its variable; no value that may be secret is repeated.
"""

import base64
import binascii
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.exceptions import ImproperlyConfigured

from portal.embedded import servers
from portal.embedded.state import CHECKOUT, EmbeddedServerError, State, open_state, state_directory
from regions.sources.connectors.guard import AllowList, AllowListUnreadable

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1", "[::1]")
LOOPBACK_HOSTS = ("localhost", ".localhost", "127.0.0.1", "[::1]")
KEY_BYTES = 32
LEAST_UPLOAD_MEMORY = 128
LEAST_TOKEN = 32
# The mail backend while no mail server is set: nothing is sent, and nothing counts as sent.
NO_MAIL = {"EMAIL_BACKEND": "portal.mail.NoMail"}
# The SMS gateway while none is set: nothing is sent.
NO_GATEWAY = "portal.citizen.sign_in.tasks.NoGateway"


@dataclass(frozen=True)
class Environment:
    """Settings from outside the code. Each of the three server URLs starts an embedded server if it is not set."""

    debug: bool
    secret_key: str = field(repr=False)
    key_encryption_key: bytes = field(repr=False)
    city_logins: bool
    standby: bool
    allowed_hosts: tuple[str, ...]
    operator_hosts: tuple[str, ...]
    trusted_proxies: int
    sms_gateway: str
    email: dict[str, Any] = field(repr=False)
    email_from: str
    city_address: str
    enrolment_link_hours: int
    staff_change_days: int
    staff_single_sign_on: tuple[dict[str, Any], ...] = field(repr=False)
    source_allow_list: AllowList
    message_allow_list: AllowList
    neighbour_cities: Path | None
    state: Path
    journal_checkpoints: Path
    journal_witness_url: str
    journal_witness_key: bytes
    journal_auditor_key: bytes
    media_root: Path
    static_root: Path
    upload_memory: int
    log_level: str
    metrics_token: str = field(repr=False)
    metrics_networks: tuple[IPv4Network | IPv6Network, ...]
    metrics_directory: Path
    traces_are_sent: bool
    lease: timedelta
    partition_citizens: int
    named_database_url: str = field(repr=False)
    named_database_owner_url: str = field(repr=False)
    named_broker_url: str = field(repr=False)

    @property
    def is_production(self) -> bool:
        """Whether DEBUG is off and a host name is public."""
        return not self.debug and not all(map(is_loopback, self.allowed_hosts))

    @cached_property
    def database_url(self) -> str:
        """The application's login; it owns nothing."""
        return self.named_database_url or self._embedded_postgres("DATABASE_URL").app

    @cached_property
    def database_owner_url(self) -> str:
        """The login that migrates and opens cities."""
        if self.named_database_owner_url:
            return self.named_database_owner_url
        if self.named_database_url:
            raise ImproperlyConfigured("DATABASE_URL is set and DATABASE_OWNER_URL is not: set both, or neither.")
        return self._embedded_postgres("DATABASE_OWNER_URL").owner

    @cached_property
    def broker_url(self) -> str:
        """The broker of Celery's workers."""
        if self.named_broker_url:
            return self.named_broker_url
        self._refuse_in_production("CELERY_BROKER_URL", "Valkey")
        try:
            return servers.ensure_broker()
        except EmbeddedServerError as error:
            raise ImproperlyConfigured(str(error)) from error

    def _embedded_postgres(self, variable: str) -> servers.PostgresUrls:
        self._refuse_in_production(variable, "PostgreSQL")
        try:
            return servers.ensure_postgres()
        except EmbeddedServerError as error:
            raise ImproperlyConfigured(str(error)) from error

    def _refuse_in_production(self, variable: str, server: str) -> None:
        if self.is_production:
            raise ImproperlyConfigured(
                f"{variable} is not set. With DEBUG off and a public name in ALLOWED_HOSTS the embedded {server} is "
                f"refused: set {variable} to your own server (docs/operations.md)."
            )


def load() -> Environment:
    """Read the environment and the `.env` file next to `manage.py`; variables that are set take precedence over the file."""
    read_env_file()
    env = environ.Env()
    state = state_directory()
    allowed_hosts = tuple(env.list("ALLOWED_HOSTS", default=list(LOOPBACK_HOSTS)))
    database_url = env.str("DATABASE_URL", default="")
    is_public = not all(map(is_loopback, allowed_hosts))
    has_own_database = not is_loopback(urlsplit(database_url).hostname or "localhost")
    debug = env.bool("DEBUG", default=not (is_public or has_own_database))
    if debug and is_public and has_own_database:
        raise ImproperlyConfigured(
            "DEBUG is on beside a public name in ALLOWED_HOSTS and a database elsewhere: unset it."
        )
    secret_key = env.str("SECRET_KEY", default="") or _own_secret_key(debug=debug)
    return Environment(
        debug=debug,
        secret_key=secret_key,
        city_logins=env.bool("CITY_LOGINS", default=not debug),
        standby=env.bool("STANDBY", default=False),
        key_encryption_key=_key_encryption_key(env.str("KEY_ENCRYPTION_KEY", default=""), secret_key, debug=debug),
        allowed_hosts=allowed_hosts,
        operator_hosts=tuple(env.list("OPERATOR_HOSTS", default=list(LOOPBACK_NAMES[:2]))),
        sms_gateway=env.str("SMS_GATEWAY", default=NO_GATEWAY),
        email=env.email_url("EMAIL_URL") if env.str("EMAIL_URL", default="") else NO_MAIL,
        email_from=env.str("EMAIL_FROM", default="webmaster@localhost"),
        city_address=env.str("CITY_ADDRESS", default="http://{host}:8000" if debug else "https://{host}"),
        enrolment_link_hours=env.int("ENROLMENT_LINK_HOURS", default=72),
        staff_change_days=env.int("STAFF_CHANGE_DAYS", default=7),
        trusted_proxies=_trusted_proxies(env.int("TRUSTED_PROXIES", default=0 if debug else 1)),
        staff_single_sign_on=_single_sign_on(env.str("STAFF_SINGLE_SIGN_ON", default="")),
        source_allow_list=_allow_list("SOURCE_ALLOW_LIST", env, debug=debug),
        message_allow_list=_allow_list("MESSAGE_ALLOW_LIST", env, debug=debug),
        neighbour_cities=Path(listed) if (listed := env.str("NEIGHBOUR_CITIES", default="")) else None,
        state=state,
        journal_checkpoints=Path(env.path("JOURNAL_CHECKPOINTS", default=str(state / "checkpoints"))()),
        journal_witness_url=(witness := env.str("JOURNAL_WITNESS_URL", default="")),
        journal_witness_key=_public_key("JOURNAL_WITNESS_KEY", env, required=bool(witness)),
        journal_auditor_key=_public_key("JOURNAL_AUDITOR_KEY", env, required=False),
        media_root=Path(env.path("MEDIA_ROOT", default=str(state / "media"))()),
        static_root=Path(env.path("STATIC_ROOT", default=str(state / "static"))()),
        upload_memory=_upload_memory(env.int("UPLOAD_MEMORY", default=256)),
        log_level=env.str("LOG_LEVEL", default="INFO").upper(),
        metrics_token=_metrics_token(env.str("METRICS_TOKEN", default="")),
        metrics_networks=_networks("METRICS_NETWORKS", env),
        traces_are_sent=bool(env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")),
        metrics_directory=Path(env.path("METRICS_DIRECTORY", default=str(state / "metrics"))()),
        lease=timedelta(seconds=_at_least_one("LEASE_SECONDS", env.float("LEASE_SECONDS", default=20))),
        partition_citizens=int(_at_least_one("PARTITION_CITIZENS", env.int("PARTITION_CITIZENS", default=5_000))),
        named_database_url=database_url,
        named_database_owner_url=env.str("DATABASE_OWNER_URL", default=""),
        named_broker_url=env.str("CELERY_BROKER_URL", default=""),
    )


def read_env_file() -> None:
    """Put the lines of `.env` into the process's environment, where city files look up `url_env` and `secret_env`.

    The demo has a file of its own for its stand-in sources, so that every command can collect from them.
    """
    for path in (CHECKOUT / ".env", state_directory() / "demo.env"):
        if path.is_file():
            environ.Env.read_env(path)


def is_loopback(host: str) -> bool:
    return host in LOOPBACK_NAMES or host.endswith(".localhost")


def _own_secret_key(*, debug: bool) -> str:
    """Return a random key for development, created once and stored in the state directory."""
    if not debug:
        raise ImproperlyConfigured("SECRET_KEY is not set: with DEBUG off it must be, to 50 or more random characters.")
    state = _usable_state()
    with state.locked("secret-key"):
        kept = state.load("secret-key")
        if not kept:
            kept = {"secret_key": secrets.token_urlsafe(48)}
            state.save("secret-key", kept)
    return kept["secret_key"]


def _usable_state() -> State:
    try:
        return open_state()
    except EmbeddedServerError as error:
        raise ImproperlyConfigured(str(error)) from error


def _key_encryption_key(value: str, secret_key: str, *, debug: bool) -> bytes:
    """Return the 32 bytes that wrap every city's keys."""
    if not value:
        if not debug:
            raise ImproperlyConfigured(
                "KEY_ENCRYPTION_KEY is not set: with DEBUG off it must be (openssl rand -base64 32)."
            )
        derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"portal key encryption key")
        return derivation.derive(secret_key.encode())
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ImproperlyConfigured("KEY_ENCRYPTION_KEY is not base64.") from error
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"KEY_ENCRYPTION_KEY holds {len(key)} bytes and must hold {KEY_BYTES}.")
    return key


def _public_key(variable: str, env: environ.Env, *, required: bool) -> bytes:
    """Return the 32 bytes of an Ed25519 public key in hex; empty if it is not set."""
    try:
        key = bytes.fromhex(env.str(variable, default=""))
    except ValueError:
        raise ImproperlyConfigured(f"{variable} is not hexadecimal.") from None
    if key and len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{variable} holds {len(key)} bytes and must hold {KEY_BYTES}.")
    if required and not key:
        raise ImproperlyConfigured(f"{variable} is not set: without it no signature of the witness could be checked.")
    return key


def _trusted_proxies(count: int) -> int:
    """Check the count. A negative one would take an address from the end of the header that clients write."""
    if count < 0:
        raise ImproperlyConfigured(f"TRUSTED_PROXIES is {count}: set it to the number of proxies, 0 for none.")
    return count


def _at_least_one(variable: str, number: float) -> float:
    """Check the number. Without a lease, workers would take over each other's work; and a partition must not be empty."""
    if number < 1:
        raise ImproperlyConfigured(f"{variable} is {number:g}: it must be 1 or more.")
    return number


def _metrics_token(token: str) -> str:
    if token and len(token) < LEAST_TOKEN:
        raise ImproperlyConfigured(f"METRICS_TOKEN is short: set it to {LEAST_TOKEN} or more random characters.")
    return token


def _networks(variable: str, env: environ.Env) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(one) for one in env.list(variable, default=[]))
    except ValueError as error:
        raise ImproperlyConfigured(f"{variable} holds what is no network such as 10.1.0.0/16.") from error


def _upload_memory(mebibytes: int) -> int:
    """Return the memory in bytes. With less than the minimum, no photo of a phone would be accepted."""
    if mebibytes < LEAST_UPLOAD_MEMORY:
        raise ImproperlyConfigured(f"UPLOAD_MEMORY is {mebibytes}: set it to {LEAST_UPLOAD_MEMORY} or more (MiB).")
    return mebibytes * 2**20


def _single_sign_on(value: str) -> tuple[dict[str, Any], ...]:
    """Return the apps of allauth's OpenID Connect, one per city, from a JSON object: schema → server_url, client_id, secret, name."""
    if not value:
        return ()
    fault = ImproperlyConfigured(
        "STAFF_SINGLE_SIGN_ON is not a JSON object of cities, each with server_url, client_id, secret and name."
    )
    try:
        return tuple(
            {
                "provider_id": schema,
                "name": city["name"],
                "client_id": city["client_id"],
                "secret": city["secret"],
                "settings": {"server_url": city["server_url"]},
            }
            for schema, city in json.loads(value).items()
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise fault from None


def _allow_list(variable: str, env: environ.Env, *, debug: bool) -> AllowList:
    """Parse `host:port` entries (`[::1]:443` for IPv6). Without entries only the loopback is allowed, and only in debug mode."""
    try:
        return AllowList.parse(env.str(variable, default=""), debug=debug)
    except AllowListUnreadable as error:
        raise ImproperlyConfigured(f"{variable}: {error}.") from None
