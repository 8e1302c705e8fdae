"""The content of a report (columns, rows and filters), and the formats in which it is written."""

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import defusedcsv.csv
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from codes.models import ExportFault
from codes.reports.request import CannotExport
from codes.reports.rows import PersonCells

PERSON = ("citizen_ref", "id_number", "full_name")

# None, text, an integer, or a list or object of these. Days and instants have been converted to text.
Cell = Any
Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Content:
    """The content of a report. ``rows`` can be read once, in the transaction in which it was opened.

    ``filters`` is stated in the manifest. ``person`` makes the cells about citizens; it is ``None`` in a report without such cells.
    """

    columns: tuple[str, ...]
    rows: Iterator[Row]
    filters: dict[str, Any]
    person: PersonCells | None = None


# First characters by which a spreadsheet may take a cell for a formula or a command.
LIVE = frozenset("=+-@|%")
NUMBER = re.compile(r"-?[0-9,.]+")
MINUSES = frozenset("\u2212")
# Categories of characters that a program may skip before it: control and format characters, spaces, combining marks.
UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})
# Letters and symbols by category that are displayed as blank.
UNSEEN_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
as_json = json.JSONEncoder(ensure_ascii=False).encode


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write the file. Return the number of rows. An apostrophe is put before cells that a spreadsheet might execute.

    ID numbers are quoted but otherwise unchanged, so that programs can compare them. For spreadsheets that convert quoted cells to
    numbers there is the xlsx format, in which they are text cells.
    """
    written = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        plain = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        guarded = defusedcsv.csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        plain.writerow(columns)
        for row in rows:
            cells = [cell if type(cell) is str else cell_text(cell) for cell in row]
            if not any(map(_may_be_live, [cell[:1] for cell in cells])):
                plain.writerow(cells)
            else:
                guarded.writerow([inert(cell) for cell in cells])
            written += 1
    return written


def cell_text(cell: Cell) -> str:
    """Return the cell as text: an empty string for ``None``, JSON for a list or an object."""
    if cell is None:
        return ""
    return as_json(cell) if isinstance(cell, list | dict) else str(cell)


def inert(cell: str) -> str:
    """Prefix an apostrophe if a formula sign follows invisible characters or has another Unicode form.

    ``defusedcsv`` handles the ordinary signs.
    """
    place = next((place for place, sign in enumerate(cell) if not _is_unseen(sign)), len(cell))
    hidden = _is_live(cell[place : place + 1]) and (place > 0 or cell[0] not in LIVE)
    return "'" + cell if hidden or cell[:1] in ("\t", "\r", "\n") else cell


@cache
def _may_be_live(first: str) -> bool:
    """Return whether a cell with this first character needs to be checked. ``first`` is empty for an empty cell."""
    return bool(first) and (_is_unseen(first) or _is_live(first))


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in UNSEEN_CATEGORIES or sign in UNSEEN_LETTERS


def _is_live(sign: str) -> bool:
    """Return whether the character is a formula sign, including full-width, small and mathematical forms that some programs accept."""
    return unicodedata.normalize("NFKC", sign)[:1] in LIVE or sign in MINUSES


def write_jsonl(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write the file. Return the number of rows."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in rows:
            file.write(encode(dict(zip(columns, row, strict=True))))
            file.write("\n")
            written += 1
    return written


ROWS_PER_SHEET = 1_048_575  # below the heading
CELL_CHARACTERS = 32_767
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "use_zip64": True,
}


def write_xlsx(path: Path, columns: Sequence[str], rows: Iterable[Row], *, sheet_rows: int = ROWS_PER_SHEET) -> int:
    """Write the file. Return the number of rows. Raises ``CannotExport`` for a cell that is too long for a spreadsheet."""
    written, number, left = 0, 0, iter(rows)
    # Temporary files are written to the file's own directory and not to one that other accounts can read.
    with TemporaryDirectory(dir=path.parent, prefix=".sheets-") as unpacked:
        book = xlsxwriter.Workbook(path, {**OPTIONS, "tmpdir": unpacked})
        try:
            heading, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
            while (first := next(left, None)) is not None or number == 0:
                number += 1
                sheet = book.add_worksheet(f"{number}")
                sheet.freeze_panes(1, 0)
                sheet.write_row(0, 0, columns, heading)
                here = chain([first], islice(left, sheet_rows - 1)) if first is not None else ()
                written += _fill(sheet, here, text)
        finally:
            _close(book)
    return written


def _close(book: Any) -> None:
    try:
        book.close()
    except FileCreateError as error:
        raise CannotExport(ExportFault.NOT_PACKED, error=str(error)) from error


def _fill(sheet: Any, rows: Iterable[Row], text: Any) -> int:
    place = 0
    for place, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(place, column, cell)
            elif cell is not None:
                sheet.write_string(place, column, _fitting(cell, row), text)
    return place


def _fitting(cell: Cell, row: Row) -> str:
    text = cell if isinstance(cell, str) else cell_text(cell)
    if len(text) > CELL_CHARACTERS:
        raise CannotExport(ExportFault.CELL_TOO_LONG, row=str(row[0]))
    return _lasting_text(text) if _may_be_live(text[:1]) else text


def _lasting_text(cell: str) -> str:
    """Return the cell guarded as in a CSV file, since saving a sheet as CSV loses the text format. A plain number is left as it is."""
    marked = inert(cell)
    return f"'{cell}" if marked == cell and cell[0] in LIVE and not NUMBER.fullmatch(cell) else marked
