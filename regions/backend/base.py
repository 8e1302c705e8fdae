"""The database connection: a city's search path is only ever taken together with the city's own role.

django-tenants sets the search path before each cursor. A search path alone is a default, not a wall: any statement may
name another schema. So the role goes with it; a wrong path is then an error of the database and not another city's rows.
"""

from typing import Any

import psycopg2.extensions
from django_tenants.postgresql_backend import base as tenants


class DatabaseWrapper(tenants.DatabaseWrapper):
    """PostgreSQL through psycopg2, one role per city."""

    @property
    def queries_logged(self) -> bool:
        """Only where a test counts them: while debugging Django would keep thousands of statements, megabytes each."""
        return bool(self.force_debug_cursor)

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Take path and role in one statement. In a failed transaction nothing can be set; the rollback clears it."""
        if self._setting_search_path or self._transaction_failed():
            return
        self._setting_search_path = True
        own_cursor = self.connection.cursor() if cursor is None else cursor
        try:
            own_cursor.execute(self._entry_statement())
        finally:
            self._setting_search_path = False
            if cursor is None:
                own_cursor.close()

    def _entry_statement(self) -> str:
        path = ", ".join(f'"{schema}"' for schema in self._get_cursor_search_paths())  # type: ignore[no-untyped-call]
        role = getattr(self.tenant, "role_name", None)
        take = f'SET ROLE "{role}"' if role else "RESET ROLE"
        return f"SET search_path = {path}; {take}"

    def _transaction_failed(self) -> bool:
        status = self.connection.get_transaction_status()
        return bool(status == psycopg2.extensions.TRANSACTION_STATUS_INERROR)
