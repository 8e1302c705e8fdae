"""Insert many rows of many tables by COPY. Otherwise, comparisons with the oracle spend most of their time here."""

import json
from collections.abc import Callable, Iterable
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Field, JSONField, Model
from django.db.models.expressions import DatabaseDefault

from regions.copying import copy_rows

_JSON = json.JSONEncoder(ensure_ascii=False)


def insert_rows(rows: Iterable[Model]) -> None:
    """Insert the rows unchanged, with their keys, in this order. Consecutive rows of one table become one statement."""
    for (model, defaults), group in groupby(rows, key=_of_one_statement):
        fields = [field for field in model._meta.concrete_fields if field.attname not in defaults]
        read = attrgetter(*(field.attname for field in fields))
        written = [(place, write) for place, field in enumerate(fields) if (write := _written_by(field))]
        lines = []
        for row in group:
            line = list(read(row))
            for place, write in written:
                line[place] = None if line[place] is None else write(line[place])
            lines.append(line)
        copy_rows(model._meta.db_table, [str(field.column) for field in fields], lines)


def _of_one_statement(row: Model) -> tuple[type[Model], frozenset[str]]:
    """Return the model, and the fields that are left to the database."""
    model = type(row)
    left = (name for name in _with_default(model) if isinstance(getattr(row, name), DatabaseDefault))
    return model, frozenset(left)


@cache
def _with_default(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields if field.has_db_default())


def _written_by(field: "Field[Any, Any]") -> Callable[[Any], str] | None:
    """Return what writes the field's values, if they cannot be copied as they are."""
    if isinstance(field, JSONField):
        return _JSON.encode
    return _array if isinstance(field, ArrayField) else None


def _array(values: list[Any]) -> str:
    """Return an array of words or numbers as PostgreSQL reads it."""
    return f"{{{','.join(_JSON.encode(value) for value in values)}}}"
