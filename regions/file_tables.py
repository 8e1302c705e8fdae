"""The raw tables of a file, for checks across them.

They step over whatever has the wrong shape, so that a file with a wrong type in one place still has all its other
faults named.
"""

from collections.abc import Iterator
from typing import Any

from regions.file_faults import Fault

Raw = dict[str, Any]


def tables(content: Raw, name: str) -> Iterator[tuple[int, Raw]]:
    """The tables of a list with their places; whatever is not a table is left to the check of shapes."""
    found = content.get(name)
    if isinstance(found, list):
        yield from ((place, table) for place, table in enumerate(found) if isinstance(table, dict))


def texts(content: Raw, name: str, key: str) -> Iterator[tuple[int, str]]:
    """The values of one key over a list of tables, where they are text."""
    yield from ((place, table[key]) for place, table in tables(content, name) if isinstance(table.get(key), str))


def repeated(content: Raw, name: str, key: str) -> Iterator[Fault]:
    """The later ones of a value that must be unique in its list."""
    first: dict[str, int] = {}
    for place, value in texts(content, name, key):
        if first.setdefault(value, place) != place:
            yield Fault(f"{name}[{place}].{key}", f"repeats {name}[{first[value]}].{key}")
