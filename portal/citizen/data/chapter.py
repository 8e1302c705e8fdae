"""What a chapter of a copy of somebody's data is: its rows, its columns, and the tables that it tells."""

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
    """``path`` is its name in the file and from where it is read; without a ``title`` it is for programs only."""

    path: str
    title: str | Promise = ""
    word: Word = plain


@dataclass(frozen=True)
class Chapter:
    """``found``: a citizen's rows; ``rows``: how they are read, where it is not by their columns. ``shows``: tables told beside."""

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
        """The tables whose rows about the person it tells."""
        return {model._meta.db_table for model in (self.found(Citizen(pk=0)).model, *self.shows)}


def of(model: type[Model], path: str = "citizen", **only: Any) -> Callable[[Citizen], "QuerySet[Any]"]:
    """The rows of a table that are a citizen's."""
    return lambda citizen: model._default_manager.filter(**{path: citizen}, **only)


PROVIDER = Column("provider__code", _("Provider"), words.provider)
SOURCE = Column("source__code", _("Data source"), words.source)
CASE = Column("case__number", _("Case number"))
COLOUR = words.labelled("state")
FROM, TO = Column("before", _("Colour before"), COLOUR), Column("after", _("Colour after"), COLOUR)
