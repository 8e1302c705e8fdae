"""Insert many rows by PostgreSQL's COPY, which takes a quarter of the time of INSERTs from model instances."""

import io
import json
from collections.abc import Iterable, Sequence
from datetime import date

from django.db import IntegrityError, InternalError, connection
from psycopg2.errors import InternalError_

# Created once: ``json.dumps`` with options creates an encoder for every value.
_JSON = json.JSONEncoder(ensure_ascii=False)
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Append the rows to a table of the current schema. Values for JSON columns may be dicts and lists."""
    file = io.StringIO()
    for row in rows:
        file.write("\t".join(map(_field, row)))
        file.write("\n")
    if not file.tell():
        return
    file.seek(0)
    quote = connection.ops.quote_name
    # A string, as those have it that capture the queries of a request.
    statement = f"COPY {quote(table)} ({', '.join(map(quote, columns))}) FROM STDIN"
    try:
        # Django converts the driver's errors to its own for `execute` only.
        with connection.cursor() as cursor, connection.wrap_database_errors:
            cursor.copy_expert(statement, file)
    except InternalError as error:
        # The coordinator of a cluster reports a row refused by a node with this code and no other.
        if isinstance(error.__cause__, InternalError_):
            raise IntegrityError(*error.args) from error.__cause__
        raise


def _field(value: object) -> str:
    match value:
        case None:
            return "\\N"
        case str():
            return value.translate(_ESCAPES)
        case bytes():
            return "\\\\x" + value.hex()
        case date():
            return value.isoformat()
        case dict() | list():
            return _JSON.encode(value).translate(_ESCAPES)
        case bool() | int() | float():
            return str(value)
        case _:
            raise TypeError(f"a {type(value).__name__} is no value of a column")
