"""Faults for a database's errors. No driver's message is repeated: it may quote hosts, users, statements or values."""

import ssl
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sqlalchemy import Connection, Select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from regions.sources.connectors.answer import redact
from regions.sources.connectors.delivery import DeliveryInconsistent, SourceFault, SourceRefused, SourceUnreachable

ROWS_AT_ONCE = 1000
# Besides SQLAlchemy's errors: a connection that breaks in the driver, text the driver cannot decode, and PyMySQL's refusal to send
# a file that the server asks for.
_ERRORS = (SQLAlchemyError, OSError, UnicodeError, RuntimeError)
# PostgreSQL: query_canceled; MariaDB and MySQL: max_statement_time, max_execution_time; SQLite: locked by a writer.
_TIMED_OUT = {"57014", "1969", "3024", "SQLITE_BUSY"}
_UNDECODABLE = {"22021", "22P05"}
# MariaDB and MySQL: access denied to the server or the database, no such database.
_LOGIN_REFUSED = {"1044", "1045", "1049", "1698"}
# PyMySQL: the server offers no TLS.
_NO_TLS = "2026"
_BROKEN = {"2002", "2003", "2006", "2013", "2014", "2055"}

Result = TypeVar("Result")


def translate_errors(act: Callable[[], Result], *, view: str | None) -> Result:
    """Return what `act` returns. Raises SourceFault for a database error; `view` is what it reads, None while it connects."""
    try:
        return act()
    except _ERRORS as error:
        fault = fault_of(error, view)
    # Outside the handler, so that the driver's message is not chained.
    raise fault


def translated_rows(session: Connection, query: Select[Any], *, view: str) -> Iterator[dict[str, Any]]:
    """Yield the rows, at most a thousand of them in memory. Raises SourceFault in place of any database error."""
    options = {"yield_per": ROWS_AT_ONCE}
    result = translate_errors(lambda: session.execute(query, execution_options=options), view=view)
    rows = iter(result.mappings())
    while (row := translate_errors(lambda: next(rows, None), view=view)) is not None:
        yield dict(row)


def fault_of(error: Exception, view: str | None) -> SourceFault:
    """Return the fault for an error that occurred while reading `view` or, if None, while connecting."""
    if isinstance(error, UnicodeError):
        return DeliveryInconsistent("undecodable")
    if isinstance(error, TimeoutError):
        return SourceUnreachable("timed_out")
    if not isinstance(error, DBAPIError) or error.orig is None:
        return SourceUnreachable("broken_off")
    code = _code(error.orig)
    if code in _TIMED_OUT:
        return SourceUnreachable("timed_out")
    if code in _UNDECODABLE:
        return DeliveryInconsistent("undecodable")
    if code in _LOGIN_REFUSED or code.startswith("28"):
        return SourceRefused(code, "", "login_refused")
    if view is None:
        return _fault_of_connection(error.orig)
    if error.connection_invalidated or code in _BROKEN or code.startswith(("08", "57P")):
        return SourceUnreachable("broken_off")
    return SourceRefused(code or type(error.orig).__name__, redact(view), "view_unreadable")


def _code(error: BaseException) -> str:
    """Return PostgreSQL's SQLSTATE, SQLite's error name or MariaDB's number; empty if the driver gives none."""
    for name in ("pgcode", "sqlite_errorname"):
        state = getattr(error, name, None)
        if isinstance(state, str):
            return state
    first = error.args[0] if error.args else None
    return str(first) if isinstance(first, int) else ""


def _fault_of_connection(error: BaseException) -> SourceFault:
    """Return the fault for an error while connecting.

    libpq gives no code before a session exists; a server that answers begins its answer with FATAL. PyMySQL keeps the original
    exception.
    """
    words = str(error)
    if "FATAL" in words:
        return SourceRefused("FATAL", "", "login_refused")
    if "timeout expired" in words:
        return SourceUnreachable("timed_out")
    met = getattr(error, "original_exception", None)
    if isinstance(met, ssl.SSLError) or _code(error) == _NO_TLS or "SSL" in words or "server certificate" in words:
        return SourceUnreachable("tls_failed")
    return SourceUnreachable("no_connection")
