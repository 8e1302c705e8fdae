"""CSV for spreadsheets: UTF-8 with BOM, RFC 4180, every cell quoted, and none that would be run as a formula."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import defusedcsv.csv

from codes.reports.content import Cell, Row

# What defusedcsv defuses, and what it does not know of: white space that some programs skip, and the full-width signs
# that others read as the narrow ones.
LIVE_BEGINNINGS = frozenset("=+-@|%\t\r\n \u00a0\u3000＝＋－＠｜％")
FULL_WIDTH = "＝＋－＠｜％"
SKIPPED = "\t\r\n \u00a0\u3000"
as_json = json.JSONEncoder(ensure_ascii=False).encode


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write the file; how many rows it has. An apostrophe in front of a cell means: this is text.

    ID numbers are quoted and otherwise as they are, so that programs can compare them; a spreadsheet that takes a quoted
    cell for a number anyway is served by the xlsx, where they are text cells.
    """
    written = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        plain = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        guarded = defusedcsv.csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        plain.writerow(columns)
        for row in rows:
            cells = [cell if type(cell) is str else cell_text(cell) for cell in row]
            if LIVE_BEGINNINGS.isdisjoint([cell[:1] for cell in cells]):
                plain.writerow(cells)
            else:
                guarded.writerow([inert(cell) for cell in cells])
            written += 1
    return written


def cell_text(cell: Cell) -> str:
    """The cell as text: nothing for none, JSON for a list or an object."""
    if cell is None:
        return ""
    return as_json(cell) if isinstance(cell, list | dict) else str(cell)


def inert(cell: str) -> str:
    """With an apostrophe where a formula hides behind white space or a full-width sign; defusedcsv does the rest."""
    behind = cell.lstrip(SKIPPED)
    hidden = behind != cell and behind[:1] in LIVE_BEGINNINGS
    return "'" + cell if hidden or cell[:1] in FULL_WIDTH or cell[:1] in "\t\r\n" else cell
