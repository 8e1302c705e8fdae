"""A spreadsheet in constant memory: text stays text, nothing is a formula or a link, a full sheet has a successor."""

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from codes.reports.content import Cell, Row
from codes.reports.formats.csv_file import cell_text
from codes.reports.request import CannotExport

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
    """Write the file; how many rows it has. Raises ``CannotExport`` for a cell that no spreadsheet holds."""
    written, number, left = 0, 0, iter(rows)
    # What is not yet packed lies beside the file, not in a directory that others read.
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
        raise CannotExport(f"the spreadsheet cannot be packed: {error}") from error


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
    said = cell if isinstance(cell, str) else cell_text(cell)
    if len(said) > CELL_CHARACTERS:
        raise CannotExport(f"a cell of the row of {row[0]} is too long for a spreadsheet; choose csv or jsonl")
    return said
