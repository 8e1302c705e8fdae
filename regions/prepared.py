"""Prepared statements, which a database session parses and plans once, for the few that every page executes.

Planning one of them takes three times as long as running it (``docs/adr/0061-what-showing-takes.md``). PostgreSQL plans a statement
again by itself after a change of tables or of the search path.
"""

from collections import ChainMap
from collections.abc import Callable, MutableMapping, Sequence
from functools import cached_property
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.db import connection as any_connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL
from psycopg2.extensions import adapt

# django-tenants' additions to a connection are not in Django's types.
connection: Any = any_connection
# Names of the statements prepared in each session. They end with the session.
_KNOWN: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


M = TypeVar("M", bound=Model)


class Asked(str):
    """The name of a parameter within a query set."""

    __slots__ = ()


def asked(name: str) -> RawSQL:
    """Return the placeholder for a parameter in a query set that is compiled once."""
    return RawSQL("%s", [Asked(name)])


class Prepared:
    """A named prepared statement: SQL with psycopg2's named parameters, or a query set with ``asked`` parameters.

    ``constants`` are parameters with a fixed value, which is written into the statement.
    """

    def __init__(self, name: str, made: str | Callable[[], QuerySet[Any]], **constants: Any) -> None:
        self.name = name
        self._made = made
        self._constants = constants
        self._annotated: tuple[str, ...] = ()

    def ready(self) -> str:
        """Prepare the statement in the current session if necessary. Return the SQL that executes it with named parameters."""
        prepare, execute = self._texts
        connection.ensure_connection()
        known = _KNOWN.setdefault(connection.connection, set())
        if self.name not in known:
            with connection.cursor() as cursor:
                # Not through Django's wrapper, which would count it as a query of the first page.
                cursor.cursor.execute(prepare)
            known.add(self.name)
        return execute

    def rows(self, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self.ready(), parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def found(self, model: type[M], parameters: dict[str, Any]) -> list[M]:
        """Return the objects a query set finds."""
        return [self.object_of(model, row) for row in self.rows(parameters)]

    def object_of(self, model: type[M], row: Sequence[Any]) -> M:
        """Return an object from a row that begins with the columns of the query set, with its annotations."""
        names = [field.attname for field in model._meta.concrete_fields]
        own, end = len(names), len(names) + len(self._annotated)
        one = model.from_db(connection.alias, names, row[:own])
        for name, value in zip(self._annotated, row[own:end], strict=True):
            setattr(one, name, value)
        return one

    @cached_property
    def _texts(self) -> tuple[str, str]:
        numbers = _Numbers()
        statement = self.text(numbers)
        arguments = ", ".join(f"%({name})s" for name in numbers)
        execute = f"EXECUTE {self.name} ({arguments})" if arguments else f"EXECUTE {self.name}"
        return f"PREPARE {self.name} AS {statement}", execute

    def text(self, numbers: MutableMapping[str, str]) -> str:
        """Return the statement with numbered parameters."""
        if isinstance(self._made, str):
            constants = {name: _quoted(value) for name, value in self._constants.items()}
            return self._made % ChainMap(constants, numbers)
        query = self._made().query
        self._annotated = tuple(query.annotation_select)
        text, values = query.sql_with_params()
        return text % tuple(numbers[one] if isinstance(one, Asked) else _quoted(one) for one in values)


BESIDE = "SELECT * FROM (%s) AS %s LEFT JOIN LATERAL (%s) AS beside ON true"


class Beside(Prepared):
    """Two statements joined laterally: each row of the first with the rows of the second, nulls if there are none.

    Parameters of the same name are shared. ``given`` maps parameters of the second to columns of the first.
    """

    def __init__(self, name: str, first: Prepared, second: Prepared, **given: str) -> None:
        super().__init__(name, "")
        self.first, self._second = first, second
        self._given = {parameter: f"{name}.{column}" for parameter, column in given.items()}

    def text(self, numbers: MutableMapping[str, str]) -> str:
        first, second = self.first.text(numbers), self._second.text(ChainMap(self._given, numbers))
        return BESIDE % (first, self.name, second)


class _Numbers(dict[str, str]):
    """Assigns numbers to parameters in the order in which they occur."""

    def __missing__(self, name: str) -> str:
        self[name] = f"${len(self) + 1}"
        return self[name]


def _quoted(value: Any) -> str:
    """Return a value as an SQL literal."""
    return str(adapt(value).getquoted().decode())
