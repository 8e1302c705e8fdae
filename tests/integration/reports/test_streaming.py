"""The memory of an export does not depend on the size of the city: rows are streamed."""

import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from weakref import WeakSet

import pytest
from django.db import DataError, connection, transaction

from codes.reports.export import WRITERS, FileFormat
from codes.reports.rows import ROWS_AT_A_TIME, stream
from regions.models import City

ROWS = 3_000
# The one being written and the one just taken; a generator's or a loop's own name may hold one more.
HELD_AT_ONCE = 4


class RowOfList(list[str]):
    """A row whose end can be seen."""

    __hash__ = object.__hash__  # type: ignore[assignment]


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_a_written_row_is_forgotten(file_format: FileFormat, tmp_path: Path) -> None:
    alive: WeakSet[RowOfList] = WeakSet()
    most = 0

    def rows() -> Iterator[RowOfList]:
        nonlocal most
        for number in range(ROWS):
            row = RowOfList([str(number), "张*三", "red"])
            alive.add(row)
            most = max(most, len(alive))
            yield row

    written = WRITERS[file_format](tmp_path / "file", ("day", "full_name", "state"), rows())  # type: ignore[arg-type]
    assert written == ROWS
    assert most <= HELD_AT_ONCE


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_nor_does_what_was_written_of_it_stay(file_format: FileFormat, tmp_path: Path) -> None:
    """A spreadsheet's program keeps every cell unless told otherwise."""

    def most_bytes(rows: int) -> int:
        tracemalloc.start()
        told = ((str(number), f"张*三 {number:060}", "red") for number in range(rows))
        WRITERS[file_format](tmp_path / f"{rows}", ("day", "full_name", "state"), told)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    most_bytes(10)  # what is made once
    assert most_bytes(ROWS) < 3 * most_bytes(ROWS // 10)


def test_rows_that_were_not_asked_for_are_not_computed(alpha: City) -> None:
    """The server stops behind each portion: it meets the row that cannot be computed only when that is wanted."""
    bad = 2 * ROWS_AT_A_TIME + 1
    statement = "SELECT 1 / (%(bad)s - g) FROM generate_series(1, %(last)s) AS g"
    rows = stream(statement, {"bad": bad, "last": 10 * ROWS_AT_A_TIME})
    assert len(list(islice(rows, ROWS_AT_A_TIME))) == ROWS_AT_A_TIME
    with connection.cursor() as cursor:
        cursor.execute("SELECT is_holdable FROM pg_cursors WHERE name LIKE '_django_%%'")
        assert cursor.fetchall() == [(False,)], "kept by the server, and not as a copy of everything"
    assert len(list(islice(rows, ROWS_AT_A_TIME))) == ROWS_AT_A_TIME
    with pytest.raises(DataError), transaction.atomic():
        next(rows)
