"""Long SQL stands in a ``.sql`` file beside its module; this is the one place that reads and composes it.

A file holds one statement, or several, each under a line ``-- statement: <name>``. A part that is filled in stands in it as
``{{name}}``, which neither psycopg2's ``%(name)s`` nor a JSON or array literal is taken for.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

_HEADING = re.compile(r"^-- statement: (\w+)\n", re.MULTILINE)
_LEADING = re.compile(r"\A(\s*--[^\n]*\n)+")  # comments for the reader; the server is not sent them
_PART = re.compile(r"\{\{(\w+)\}\}")


class WrongParts(ValueError):
    """A part is missing, or not used by the statement."""


def compose(file: Path, statement: str = "", /, **parts: str) -> str:
    """The file's statement with its parts filled in. Raises ``WrongParts`` for a missing or an unused one."""
    text = _statements(file)[statement]
    places = set(_PART.findall(text))
    if places != parts.keys():
        raise WrongParts(f"{file.name} {statement}: has the parts {sorted(places)}, given {sorted(parts)}")
    return _PART.sub(lambda place: parts[place[1]], text)


def arrays(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    """At least one row as parameters of ``unnest``, an array for each column."""
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


@cache
def _statements(file: Path) -> dict[str, str]:
    """Name → text; the name of a file's only statement may be empty."""
    before, *named = _HEADING.split(file.read_text(encoding="utf-8"))
    if not named:
        return {"": before}
    return {name: _LEADING.sub("", text).strip() for name, text in zip(named[::2], named[1::2], strict=True)}
