"""Paging of long lists without counting or skipping: each page begins after the last row of the previous one."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date
from operator import attrgetter
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Field, IntegerField, Model, Q, QuerySet
from django.http import QueryDict

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[M]):
    """A page of rows; ``next`` and ``previous`` are the ``after`` and ``before`` of the adjacent pages, ``None`` at an end."""

    rows: list[M]
    next: str | None
    previous: str | None

    def __bool__(self) -> bool:
        return bool(self.rows)


def keyset_page(queryset: QuerySet[M], query: QueryDict, *, by: Sequence[str], size: int = 50) -> Page[M]:
    """Return up to ``size`` rows, ordered by the not-null columns ``by``, from the place in the query or from the first row.

    The last column must be unique.
    """
    before = query.get("before", "")
    backwards = bool(before)
    place = _decode(before or query.get("after", ""), [_field(queryset.model, column) for column in by])
    columns = [_reversed(column) if backwards else column for column in by]
    ordered = queryset.order_by(*columns) if place is None else _rows_after(queryset, columns, place)
    found = list(ordered[: size + 1])
    more, rows = len(found) > size, found[:size]
    if backwards:
        rows.reverse()
    has_next = more if not backwards else place is not None
    has_previous = (place is not None) if not backwards else more
    return Page(
        rows=rows,
        next=_encode(rows[-1], by) if rows and has_next else None,
        previous=_encode(rows[0], by) if rows and has_previous else None,
    )


def rows_beside(queryset: QuerySet[M], row: Model, *, by: Sequence[str], backwards: bool = False) -> QuerySet[M]:
    """Return the rows after ``row`` in this order, or ``backwards`` those before it, the nearest first; it need not be one of them."""
    columns = [_reversed(column) if backwards else column for column in by]
    return _rows_after(queryset, columns, _place(row, by))


def query_without_place(query: QueryDict) -> str:
    """Return the rest of the query with its ``&``, to which a page's link adds the place."""
    kept = query.copy()
    for name in ("after", "before"):
        kept.pop(name, None)
    return f"{kept.urlencode()}&" if kept else ""


def _reversed(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"


def _rows_after(queryset: QuerySet[M], columns: Sequence[str], place: Sequence[Any]) -> QuerySet[M]:
    return queryset.order_by(*columns).filter(_after(columns, place), _bound(columns[0], place[0]))


def _place(row: Model, by: Sequence[str]) -> list[Any]:
    return [attrgetter(column.lstrip("-").replace("__", "."))(row) for column in by]


def _after(by: Sequence[str], place: Sequence[Any]) -> Q:
    """Return the condition for rows after the place: greater in the first column, or equal there and greater in the next, and so on."""
    condition, equal = Q(), Q()
    for column, value in zip(by, place, strict=True):
        name, step = (column[1:], "lt") if column.startswith("-") else (column, "gt")
        condition |= equal & Q(**{f"{name}__{step}": value})
        equal &= Q(**{name: value})
    return condition


def _bound(column: str, value: Any) -> Q:
    """Return what ``_after`` implies for its first column, so that an index scan starts at the place and not at the first row."""
    return Q(**{f"{column[1:]}__lte" if column.startswith("-") else f"{column}__gte": value})


def _encode(row: Model, by: Sequence[str]) -> str:
    text = json.dumps(_place(row, by), default=lambda moment: moment.isoformat())
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _field(model: type[Model], column: str) -> "Field[Any, Any]":
    """Return the field of a column, which may be a related row's."""
    *relations, name = column.lstrip("-").split("__")
    for relation in relations:
        model = model._meta.get_field(relation).related_model  # type: ignore[assignment]
    field: Any = model._meta.get_field(name)
    return getattr(field, "target_field", field)  # type: ignore[no-any-return]


def _decode(token: str, fields: "Sequence[Field[Any, Any]]") -> list[Any] | None:
    """Return the values of a place, or ``None`` if the token is not a place in this list: then the list begins at its first row."""
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if not isinstance(values, list) or len(values) != len(fields):
            return None
        return [_fitting(field, value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, OverflowError, RecursionError, ValidationError):
        return None


def _fitting(field: "Field[Any, Any]", value: Any) -> Any:
    """Return the value as the field's type. Raises ``ValidationError`` and ``ValueError`` if the column cannot be compared with it."""
    wanted = int if isinstance(field, IntegerField) else str
    if type(value) is not wanted or "\x00" in str(value):
        raise ValueError("not a value of this column")
    for check in field.validators:
        check(value)
    fitting = field.to_python(value)
    # The first and the last years of the calendar have no instant in every zone.
    if isinstance(fitting, date) and not 1 < fitting.year < MAXYEAR:
        raise ValueError("outside the calendar")
    return fitting
