"""Files that people write by hand: reading them, and naming everything that is wrong in one go.

No message repeats a value: a file may hold credentials, and messages end up in terminals and logs.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong, at a key such as `providers[1].source`."""

    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


class FileFaults(ValueError):
    """A file that cannot be taken; `faults` names every reason."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        """Keep the faults in the order found; the message lists them all."""
        self.path = path
        self.faults = list(faults)
        super().__init__("\n".join([f"{path}:", *(f"  {fault}" for fault in self.faults)]))


def read_toml(path: Path) -> dict[str, Any]:
    """The file's content, or FileFaults with the line that cannot be read. A byte order mark is tolerated."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileFaults(path, [Fault("file", f"cannot be read: {error.strerror}")]) from None
    return parse_toml(content, path)


def parse_toml(content: bytes, path: Path) -> dict[str, Any]:
    """The same of a file that was sent; ``path`` is what people call it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FileFaults(path, [Fault(f"line {line}", "is not UTF-8")]) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fault = _syntax_fault(str(error), text)
    except RecursionError:
        fault = Fault("file", "is nested too deeply")
    raise FileFaults(path, [fault])


def _syntax_fault(complaint: str, text: str) -> Fault:
    """tomllib says where in words, and for the end of the file not in numbers."""
    found = re.search(r"\(at line (\d+), column (\d+)\)$", complaint)
    line = int(found[1]) if found else text.count("\n") + 1
    return Fault(f"line {line}", f"is not TOML: {complaint}")
