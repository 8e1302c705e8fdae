"""Insert many rows of many tables in one round trip. Otherwise, comparisons with the oracle spend most of their time here."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby, islice
from typing import Any

from django.db import connections
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault

ROWS_AT_A_TIME = 2_000
AS_THEY_ARE = frozenset({type(None), bool, int, float, str, date, datetime})
"""Types that the driver can write. Values of other types are prepared by their field."""


def insert_rows(rows: Iterable[Model]) -> None:
    """Insert the rows unchanged, with their keys, in this order. Consecutive rows of one table become one statement."""
    database = connections["default"]  # got once, because the usual proxy looks it up again for every value
    left = iter(rows)
    while some := list(islice(left, ROWS_AT_A_TIME)):
        statements: list[str] = []
        values: list[Any] = []
        for model, group in groupby(some, key=type):
            statements.append(_statement(model, list(group), values, database))
        with database.cursor() as cursor:
            cursor.execute(";\n".join(statements), values)


def _statement(model: type[Model], rows: Sequence[Model], values: list[Any], database: Any) -> str:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    tuples = ", ".join(_places(row, fields, values, database) for row in rows)
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES {tuples}"  # noqa: S608 - names of our own models


def _places(row: Model, fields: Sequence["Field[Any, Any]"], values: list[Any], database: Any) -> str:
    places = []
    for field in fields:
        value = getattr(row, field.attname)
        if isinstance(value, DatabaseDefault):
            places.append("DEFAULT")
            continue
        places.append("%s")
        values.append(value if type(value) in AS_THEY_ARE else field.get_db_prep_save(value, database))
    return f"({', '.join(places)})"
