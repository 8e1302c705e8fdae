"""A chapter of a copy of a citizen's data: its rows, its columns, and the tables it covers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from codes.models import Citizen
from portal.citizen.data import words
from portal.citizen.data.words import Word, plain

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Column:
    """A column. ``path`` is its name in the file and the lookup it is read from.

    A column without a ``title`` is in the machine-readable file only.
    """

    path: str
    title: str | Promise = ""
    word: Word = plain


@dataclass(frozen=True)
class Chapter:
    """A chapter. ``found`` returns a citizen's rows. ``rows`` reads them if the columns are not lookups.

    ``shows``: further tables it covers.
    """

    name: str
    title: str | Promise
    found: Callable[[Citizen], "QuerySet[Any]"]
    columns: Sequence[Column]
    rows: Callable[["QuerySet[Any]"], Rows] | None = None
    shows: Sequence[type[Model]] = ()

    def read(self, citizen: Citizen) -> Rows:
        found = self.found(citizen)
        if self.rows:
            return self.rows(found)
        return list(found.order_by("pk").values(*(column.path for column in self.columns)))

    @property
    def tables(self) -> set[str]:
        """The tables whose rows about the citizen the chapter contains."""
        return {model._meta.db_table for model in (self.found(Citizen(pk=0)).model, *self.shows)}


def of(model: type[Model], path: str = "citizen", **only: Any) -> Callable[[Citizen], "QuerySet[Any]"]:
    """Return a function that returns a citizen's rows of a table."""
    return lambda citizen: model._default_manager.filter(**{path: citizen}, **only)


PROVIDER = Column("provider__code", _("Provider"), words.provider)
SOURCE = Column("source__code", _("Data source"), words.source)
CASE = Column("case__number", _("Case number"))
COLOUR = words.labelled("state")
FROM, TO = Column("before", _("Colour before"), COLOUR), Column("after", _("Colour after"), COLOUR)
