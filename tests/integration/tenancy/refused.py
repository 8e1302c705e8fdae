"""Check whether PostgreSQL refuses a statement to the role of the connection."""

import psycopg2.errors
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from psycopg2 import sql


def is_refused(statement: sql.Composable) -> bool:
    """Return whether the database refuses the statement for a missing privilege, and for no other reason."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        return isinstance(error.__cause__, psycopg2.errors.InsufficientPrivilege)
    return False
