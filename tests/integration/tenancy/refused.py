"""Whether PostgreSQL keeps a statement from the role of the connection."""

import psycopg2.errors
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from psycopg2 import sql


def is_refused(statement: sql.Composable) -> bool:
    """Whether the database refuses for want of a right, and for nothing else."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        return isinstance(error.__cause__, psycopg2.errors.InsufficientPrivilege)
    return False
