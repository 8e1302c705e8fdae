"""TOML files that people write by hand: reading them, checking their shape, and reporting all faults at once."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from regions.faults import Fault, FaultCode, FileFaults
from regions.vocabulary import label_in

Raw = dict[str, Any]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Types of pydantic's errors that mean the same to somebody who writes a file.
_ALIKE = {
    "string_sub_type": FaultCode.STRING_TYPE,
    "model_type": FaultCode.DICT_TYPE,
    "model_attributes_type": FaultCode.DICT_TYPE,
    "union_tag_not_found": FaultCode.MISSING,
    "literal_error": FaultCode.ENUM,
}


class Table(BaseModel):
    """A table of a file: no unknown keys, no conversions, no values in errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def read_toml(path: Path) -> Raw:
    """Return the file's content. Raises ``FileFaults`` with the line that cannot be read. A byte order mark is accepted."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileFaults(path, [Fault("file", FaultCode.UNREADABLE, {"why": error.strerror})]) from None
    return parse_toml(content, path)


def parse_toml(content: bytes, path: Path) -> Raw:
    """Return the content of an uploaded file. ``path`` names it in faults. Raises ``FileFaults``."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FileFaults(path, [Fault(f"line {line}", FaultCode.NOT_UTF8)]) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fault = _syntax_fault(str(error), text)
    except RecursionError:
        fault = Fault("file", FaultCode.NESTED_TOO_DEEPLY)
    raise FileFaults(path, [fault])


def invalid(code: FaultCode, **params: Any) -> PydanticCustomError:
    """Return an error for a validator to raise. Its type is the code, like the types of pydantic's own errors."""
    return PydanticCustomError(code.value, code.value, params)


def enum_value(choices: type[StrEnum]) -> BeforeValidator:
    """Return a validator for values of the enum. pydantic's own error lists the values in an English sentence, this one as a list."""

    def known(value: object) -> object:
        if isinstance(value, str) and value in set(choices):
            return value
        raise invalid(FaultCode.ENUM, expected=[*map(str, choices)])

    return BeforeValidator(known)


def _day(value: object) -> object:
    """Convert ISO text to a date. A TOML date is returned as it is; other values are left for the type to refuse."""
    if not isinstance(value, str):
        return value
    if not _ISO_DAY.fullmatch(value):
        raise invalid(FaultCode.DATE_TYPE)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise invalid(FaultCode.NOT_A_DAY) from None


Day = Annotated[date, BeforeValidator(_day)]


def shape_faults(error: ValidationError, content: Raw) -> list[Fault]:
    """Convert pydantic's errors to faults with the keys of the file."""
    return [_shape_fault(detail, content) for detail in error.errors(include_url=False, include_input=False)]


def key_path(steps: Sequence[str | int]) -> str:
    """Return the path of a value as people write it: ``sources[0].kinds."M J"``."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            name = step if _BARE_KEY.fullmatch(step) else f'"{step}"'
            path += f".{name}" if path else name
    return path


def tables(content: Raw, name: str) -> Iterator[tuple[int, Raw]]:
    """Yield the tables of a list with their positions. Values that are not tables are reported by the check of shapes."""
    found = content.get(name)
    if isinstance(found, list):
        yield from ((place, table) for place, table in enumerate(found) if isinstance(table, dict))


def texts(content: Raw, name: str, key: str) -> Iterator[tuple[int, str]]:
    """Yield the text values of one key over a list of tables, with their positions."""
    yield from ((place, table[key]) for place, table in tables(content, name) if isinstance(table.get(key), str))


def repeated(content: Raw, name: str, key: str) -> Iterator[Fault]:
    """Yield a fault for each repetition of a value that must be unique in its list."""
    first: dict[str, int] = {}
    for place, value in texts(content, name, key):
        if first.setdefault(value, place) != place:
            yield Fault(f"{name}[{place}].{key}", FaultCode.REPEATS, {"place": f"{name}[{first[value]}].{key}"})


def _syntax_fault(complaint: str, text: str) -> Fault:
    """Convert tomllib's error, which contains the line only in its message, and no number for the end of the file."""
    found = re.search(r"\(at line (\d+), column (\d+)\)$", complaint)
    line = int(found[1]) if found else text.count("\n") + 1
    return Fault(f"line {line}", FaultCode.NOT_TOML, {"complaint": complaint})


def _shape_fault(detail: ErrorDetails, content: Raw) -> Fault:
    key, kind = key_path(_steps_in_file(detail, content)), detail["type"]
    if kind not in _ALIKE and kind not in set(FaultCode):
        return Fault(key, FaultCode.NOT_VALID, {"type": kind})
    code = _ALIKE.get(kind) or FaultCode(kind)
    # Only parameters the sentence uses: pydantic adds values from the file.
    named = {name for _text, name, _spec, _conversion in Formatter().parse(label_in("en", code))}
    return Fault(key, code, {name: value for name, value in detail.get("ctx", {}).items() if name in named})


def _steps_in_file(detail: ErrorDetails, content: Any) -> list[str | int]:
    """Return pydantic's location without the names it adds for unions and dictionary keys, which are not in the file."""
    location = detail["loc"]
    steps: list[str | int] = []
    for place, step in enumerate(location):
        is_last = place == len(location) - 1
        if isinstance(content, list) and isinstance(step, int):
            content = content[step]
        elif isinstance(content, dict) and (step in content or is_last):
            content = content.get(step)
        else:
            continue
        steps.append(step)
    if detail["type"].startswith("union_tag"):
        steps.append("kind")
    return steps
