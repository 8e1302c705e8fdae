"""The database backend: a city's search path is always set together with the city's own role.

With ``CITY_LOGINS`` the session itself is logged in as the city, so that no statement in it can take another city's role.

A search path alone does not isolate cities: any statement may name another schema. As the role is set with it, a wrong path is an
error of the database and does not return another city's rows.

Both are set with the first cursor after the tenant was set, which every request, task and command does anew, and again after
anything that may have reset them: a rollback, also to a savepoint, a change of session, or a closed session. Setting them before
each cursor, as django-tenants does by default, would double the statements of every page.
"""

import select
from typing import Any

import psycopg2.extensions
from django.conf import settings
from django.db.transaction import TransactionManagementError
from django_tenants.postgresql_backend import base as tenants

from regions.installation import login_password

# Sessions are expensive for the server: a process keeps the session of ``public`` and at most this many sessions of cities.
CITY_SESSIONS = 3


class DatabaseWrapper(tenants.DatabaseWrapper):
    """PostgreSQL through psycopg2, with one role per city."""

    connection: Any
    close_at: float | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The login of ``connection``, and this process's sessions under other logins, least recently used first.
        self._login = ""
        self._parked: dict[str, Any] = {}
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def get_connection_params(self) -> dict[str, Any]:
        wanted: dict[str, Any] = super().get_connection_params()
        login = self._wanted_login()
        if login != self.settings_dict["USER"]:
            wanted |= {"user": login, "password": login_password(login)}
        return wanted

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._login = str(conn_params["user"])
        self.forget_entry()
        return super().get_new_connection(conn_params)

    def connect(self) -> None:
        """Open the session of the tenant's login. All sessions are closed when the first of them has reached ``CONN_MAX_AGE``."""
        first_closes_at = self.close_at if self._parked else None
        super().connect()
        if first_closes_at is not None and self.close_at is not None:
            self.close_at = min(first_closes_at, self.close_at)

    def ensure_connection(self) -> None:
        """Change to the session of the tenant's login if necessary. Every use of the session passes through here."""
        if self.connection is not None and self._login != self._wanted_login():
            self._change_login()
        super().ensure_connection()

    def is_usable(self) -> bool:
        """Return whether the session is still open. A server sends data to an idle session only when it ends it.

        If nothing has arrived, no statement is needed to find out. That saves one statement per request, of which the shortest have
        five.
        """
        if self.connection is None or self.connection.closed:
            return False
        incoming = select.poll()
        incoming.register(self.connection.fileno(), select.POLLIN)
        is_idle = self.connection.get_transaction_status() == psycopg2.extensions.TRANSACTION_STATUS_IDLE
        return (is_idle and not self.errors_occurred and not incoming.poll(0)) or bool(super().is_usable())

    def close(self) -> None:
        """Close all sessions: ``close`` is called when the server or the owner of the connection changes, or when it is broken."""
        if not self.in_atomic_block:
            self._end(*self._parked)
        super().close()  # type: ignore[no-untyped-call]

    def _wanted_login(self) -> str:
        """Return the login of the tenant. The owner keeps its login in every city and takes a city's role only to limit its rights."""
        login = str(self.settings_dict["USER"])
        role = getattr(self.tenant, "role_name", None)
        return str(role) if role and settings.CITY_LOGINS and login == settings.APP_LOGIN else login

    def _change_login(self) -> None:
        if self.in_atomic_block:
            raise TransactionManagementError(
                "a city is entered and left outside transactions: they belong to one login"
            )
        self._parked[self._login] = self.connection
        self._login = self._wanted_login()
        self.forget_entry()
        self.connection = self._parked.pop(self._login, None)
        if self.connection is not None and not self.is_usable():  # the server may have ended an idle session
            self.connection.close()
            self.connection = None
        parked = [login for login in self._parked if login != settings.APP_LOGIN]
        too_many = len(parked) + (self._login != settings.APP_LOGIN) - CITY_SESSIONS
        self._end(*parked[: max(too_many, 0)])

    def _end(self, *logins: str) -> None:
        for login in logins:
            self._parked.pop(login).close()

    @property
    def queries_logged(self) -> bool:
        """Return true only if a test counts queries: in debug mode Django would keep thousands of statements of megabytes each."""
        return bool(self.force_debug_cursor)

    def forget_entry(self) -> None:
        """Set path and role again with the next cursor, as they may have been changed."""
        self.search_path_set_schemas = None

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Set path and role in one statement. In a failed transaction nothing can be set; the rollback calls ``forget_entry``."""
        if self.search_path_set_schemas or self._setting_search_path or self._transaction_failed():
            return
        self._setting_search_path = True
        own_cursor = self.connection.cursor() if cursor is None else cursor
        try:
            own_cursor.execute(self._entry_statement())
        finally:
            self._setting_search_path = False
            if cursor is None:
                own_cursor.close()
        self.search_path_set_schemas = self._get_cursor_search_paths()  # type: ignore[no-untyped-call]

    def _entry_statement(self) -> str:
        path = ", ".join(f'"{schema}"' for schema in self._get_cursor_search_paths())  # type: ignore[no-untyped-call]
        role = getattr(self.tenant, "role_name", None)
        take = f'SET ROLE "{role}"' if role else "RESET ROLE"
        return f"SET search_path = {path}; {take}"

    def _transaction_failed(self) -> bool:
        status = self.connection.get_transaction_status()
        return bool(status == psycopg2.extensions.TRANSACTION_STATUS_INERROR)
