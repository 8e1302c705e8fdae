"""A SQLAlchemy engine that connects to the address the guard resolved and checked; TLS still verifies the name."""

import re
import socket
import sqlite3
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2.extensions
from sqlalchemy import URL, Engine, NullPool, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from regions.sources.connectors.delivery import SourceMisconfigured, SourceUnreachable
from regions.sources.connectors.guard import AllowList, Resolver, normal_host
from regions.sources.connectors.timeouts import DatabaseTimeouts

# PostgreSQL's oids of date, timestamp and timestamptz.
_DATE_TYPES = (1082, 1114, 1184)
_AS_TEXT = psycopg2.extensions.new_type(_DATE_TYPES, "DATES_AS_TEXT", lambda value, _cursor: value)


def make_engine(url: URL, allowed: AllowList, resolve: Resolver, timeouts: DatabaseTimeouts) -> Engine:
    """Return the engine for a URL from `check_database_url`; it keeps no connection after use. Raises SourceFault."""
    backend = url.get_backend_name()
    try:
        if backend == "sqlite":
            return _sqlite_engine(url, timeouts)
        addresses = allowed.addresses(str(url.host), int(url.port or 0), resolve)
        if url.drivername == "postgresql+psycopg2":
            return _postgres_engine(url, addresses, timeouts)
        if url.drivername in ("mysql+pymysql", "mariadb+pymysql"):
            is_plain = allowed.allows_plain(str(url.host), int(url.port or 0))
            return _mysql_engine(url, addresses, timeouts, is_plain=is_plain)
        # An unknown driver is given the address in place of the name.
        return create_engine(url.set(host=addresses[0]), poolclass=NullPool)
    except (NoSuchModuleError, ImportError):
        raise SourceMisconfigured("no_driver", driver=url.drivername) from None


def _sqlite_engine(url: URL, timeouts: DatabaseTimeouts) -> Engine:
    """Open the file read-only (a missing file is not created). Undecodable bytes become lone surrogates."""
    location = Path(str(url.database)).absolute().as_uri() + "?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            location, uri=True, timeout=timeouts.connect_seconds, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = lambda content: content.decode("utf-8", errors="surrogateescape")
        return connection

    return create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool)


def _postgres_engine(url: URL, addresses: tuple[str, ...], timeouts: DatabaseTimeouts) -> Engine:
    """Return an engine whose `hostaddr` fixes the address and `host` the name in the certificate; keepalives detect a dead peer."""
    arguments: dict[str, str | int] = {
        "host": ",".join([str(url.host)] * len(addresses)),
        "hostaddr": ",".join(addresses),
        "connect_timeout": timeouts.connect_seconds,
        "client_encoding": "utf8",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "application_name": "health-code-portal",
    }
    if url.query.get("sslmode") == VERIFIED:
        # The machine's own certificates, as for the other connectors; GSS encryption would be used instead of TLS.
        trusted = ssl.get_default_verify_paths().cafile or "system"
        arguments |= {"sslrootcert": trusted, "gssencmode": "disable"}
    # hstore is not used, and looking for it would take a query per connection.
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments, use_native_hstore=False)
    # A single date the driver cannot represent (year 10022, BC) would otherwise end the whole delivery.
    event.listen(engine, "connect", lambda connection, _record: psycopg2.extensions.register_type(_AS_TEXT, connection))
    return engine


def _mysql_engine(url: URL, addresses: tuple[str, ...], timeouts: DatabaseTimeouts, *, is_plain: bool) -> Engine:
    """Return an engine that gives the driver a connected socket, so that it resolves no name; it logs in without TLS only if allowed."""
    arguments: dict[str, Any] = {
        "defer_connect": True,
        "local_infile": False,
        "read_timeout": timeouts.statement_seconds,
        "write_timeout": timeouts.connect_seconds,
    }
    if not is_plain:
        arguments["ssl"] = ssl.create_default_context()
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments)

    def connect(dialect: Any, _record: Any, positional: Any, named: dict[str, Any]) -> Any:
        connection = dialect.loaded_dbapi.connect(*positional, **named)
        opened = _open_socket(addresses, int(url.port or 0), timeouts.connect_seconds)
        _await_greeting(opened)
        connection.connect(opened)
        return connection

    event.listen(engine, "do_connect", connect)
    return engine


def _open_socket(addresses: tuple[str, ...], port: int, seconds: int) -> socket.socket:
    """Return a connection to the first address that accepts one. Raises SourceUnreachable."""
    for address in addresses:
        try:
            opened = socket.create_connection((address, port), timeout=seconds)
        except OSError:
            continue
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return opened
    raise SourceUnreachable("no_connection")


def _await_greeting(opened: socket.socket) -> None:
    """Wait for the server's greeting: the driver would wait for it as long as for a statement. Raises SourceUnreachable."""
    try:
        opened.recv(1, socket.MSG_PEEK)
    except OSError as error:
        opened.close()
        reason = "timed_out" if isinstance(error, TimeoutError) else "broken_off"
    else:
        return
    raise SourceUnreachable(reason)


# The drivers we install and can bind to a checked address, in place of SQLAlchemy's defaults.
DRIVERS = {"postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "mssql": 1433}
OPTIONS = {"postgresql": {"sslmode"}, "mysql": {"charset"}, "mariadb": {"charset"}, "oracle": {"service_name"}}
VERIFIED = "verify-full"
_OPTION_VALUE = re.compile(r"[\w.-]{1,64}")
# No `=`, `;`, `/` or space: libpq and ODBC interpret such a database name as a connection string.
_DATABASE_NAME = re.compile(r"[\w$.-]{1,128}")


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """A database's URL without its credentials; ``options`` are those that a URL may have."""

    dialect: str
    host: str
    port: int | None
    database: str
    user: str
    options: str = ""


def read_address(url: str) -> DatabaseAddress | None:
    """Return the address in a URL, or None if it is not a database URL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return None
    dialect = parsed.get_backend_name()
    port = parsed.port or DEFAULT_PORTS.get(dialect)
    known = sorted(OPTIONS.get(dialect, set()) & parsed.query.keys())
    options = "&".join(f"{name}={parsed.query[name]}" for name in known)
    return DatabaseAddress(dialect, parsed.host or "", port, parsed.database or "", parsed.username or "", options)


def check_database_url(url: str, allowed: AllowList) -> URL:
    """Return the URL with driver and port if a source may be there. Raises SourceFault, which repeats only the host and the port."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SourceMisconfigured("bad_setting", part="url") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _check_file(parsed, allowed)
    for option, value in parsed.query.items():
        if option not in OPTIONS.get(backend, ()) or not isinstance(value, str) or not _OPTION_VALUE.fullmatch(value):
            raise SourceMisconfigured("url_option", option=option if option.isidentifier() else "?")
    port = parsed.port or DEFAULT_PORTS.get(backend)
    if not parsed.host or port is None or not 0 < port < 65536:
        raise SourceMisconfigured("bad_setting", part="url (host, port)")
    if parsed.database and not _DATABASE_NAME.fullmatch(parsed.database):
        raise SourceMisconfigured("bad_setting", part="url (database)")
    allowed.check(parsed.host, port)
    drivername = DRIVERS.get(parsed.drivername, parsed.drivername)
    checked = parsed.set(drivername=drivername, host=normal_host(parsed.host), port=port)
    return checked if allowed.allows_plain(parsed.host, port) else _with_tls(checked, allowed)


def _with_tls(url: URL, allowed: AllowList) -> URL:
    """Return the URL with TLS required. Raises HostNotAllowed if it asks for less, or the driver cannot be told to require it."""
    if url.drivername == DRIVERS["postgresql"] and url.query.get("sslmode", VERIFIED) == VERIFIED:
        return url.update_query_dict({"sslmode": VERIFIED})
    if url.drivername not in (DRIVERS["mysql"], DRIVERS["mariadb"]):
        allowed.check_plain(str(url.host), int(url.port or 0))
    return url


def _check_file(parsed: URL, allowed: AllowList) -> URL:
    """Return a SQLite file's URL. Raises SourceMisconfigured, HostNotAllowed."""
    allowed.check_file()
    if parsed.query or parsed.host or parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise SourceMisconfigured("url_option", option=next(iter(parsed.query), "driver"))
    if not parsed.database or parsed.database.startswith((":", "file:")):
        raise SourceMisconfigured("bad_setting", part="url (file)")
    return parsed
