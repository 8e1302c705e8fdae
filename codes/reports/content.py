"""A report ready to be written: its columns, its rows, and what it was narrowed to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from codes.reports.person_cells import PersonCells

PERSON = ("citizen_ref", "id_number", "full_name")

# None, text, a whole number, or a list or object of these. Days and instants are text already.
Cell = Any
Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Content:
    """``rows`` is read once, inside the transaction it was opened in. ``filters`` is what the manifest says of it.

    ``person`` makes the cells about citizens, and is none in a report that has no such cells.
    """

    columns: tuple[str, ...]
    rows: Iterator[Row]
    filters: dict[str, Any]
    person: PersonCells | None = None
