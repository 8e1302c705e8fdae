"""Tables for a terminal, in which a Chinese character is two columns wide."""

import re
from collections.abc import Sequence
from unicodedata import east_asian_width

_NUMBER = re.compile(r"[0-9,.]*")


def text_table(head: Sequence[str], rows: Sequence[Sequence[str | int]]) -> str:
    """Return a table with columns of numbers right-aligned and those of text left-aligned."""
    cells = [[_spelt(cell) for cell in row] for row in rows]
    is_number = [all(_NUMBER.fullmatch(row[place]) for row in cells) for place in range(len(head))]
    widths = [max(_width(row[place]) for row in (head, *cells)) for place in range(len(head))]
    lines = [_line(row, widths, is_number) for row in (head, *cells)]
    return "\n".join([lines[0], "─" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]])


def _spelt(cell: str | int) -> str:
    return f"{cell:,}" if isinstance(cell, int) else cell


def _line(row: Sequence[str], widths: Sequence[int], is_number: Sequence[bool]) -> str:
    parts = []
    for cell, width, right in zip(row, widths, is_number, strict=True):
        space = " " * (width - _width(cell))
        parts.append(space + cell if right else cell + space)
    return "  ".join(parts).rstrip()


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
