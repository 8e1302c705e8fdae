"""Long SQL is kept in a ``.sql`` file next to its module. Only this module reads and composes it.

A file contains one statement, or several, each under a line ``-- statement: <name>``. A part to fill in is written as ``{{name}}``,
which cannot be confused with psycopg2's ``%(name)s`` or with a JSON or array literal.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

_HEADING = re.compile(r"^-- statement: (\w+)\n", re.MULTILINE)
# Comments are not sent to the server, and may change without changing what is derived from a statement, as the engine's digest is.
_COMMENT = re.compile(r"^[ \t]*--[^\n]*(?:\n|\Z)", re.MULTILINE)
_PART = re.compile(r"\{\{(\w+)\}\}")


class WrongParts(ValueError):
    """Raised if a part is missing, or not used by the statement."""


def compose(file: Path, statement: str = "", /, **parts: str) -> str:
    """Return the file's statement with its parts filled in. Raises ``WrongParts`` for a missing or an unused one."""
    text = _statements(file)[statement]
    places = set(_PART.findall(text))
    if places != parts.keys():
        raise WrongParts(f"{file.name} {statement}: has the parts {sorted(places)}, given {sorted(parts)}")
    return _PART.sub(lambda place: parts[place[1]], text)


def arrays(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    """Return at least one row as parameters of ``unnest``, an array for each column."""
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


@cache
def _statements(file: Path) -> dict[str, str]:
    """Map names to texts; the name of a file's only statement may be empty."""
    before, *named = _HEADING.split(file.read_text(encoding="utf-8"))
    if not named:
        return {"": _COMMENT.sub("", before)}
    return {name: _COMMENT.sub("", text).strip() for name, text in zip(named[::2], named[1::2], strict=True)}
