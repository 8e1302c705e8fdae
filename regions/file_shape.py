"""Shapes of files that people write by hand, and pydantic's findings in words and keys that those people know."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from regions.file_faults import Fault

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# pydantic's own wording is for programmers; these are the ones that people who write a file meet.
_MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not a known key",
    "string_type": "must be text",
    "string_sub_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "date_type": "must be a day, YYYY-MM-DD",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "union_tag_not_found": "is missing",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "string_too_short": "must not be empty",
    "string_too_long": "must be {max_length} characters or fewer",
    "too_short": "needs at least {min_length} of them",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "union_tag_invalid": "must be one of {expected_tags}",
}


class Table(BaseModel):
    """A table of a file: no unknown keys, no conversions, no values in errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def key_path(steps: Sequence[str | int]) -> str:
    """Steps into a file as people write them: `sources[0].kinds."M J"`."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            name = step if _BARE_KEY.fullmatch(step) else f'"{step}"'
            path += f".{name}" if path else name
    return path


def shape_faults(error: ValidationError, content: dict[str, Any]) -> list[Fault]:
    """pydantic's findings as faults with the keys of the file."""
    found = error.errors(include_url=False, include_input=False)
    return [Fault(key_path(_steps_in_file(detail, content)), _message(detail)) for detail in found]


def _message(detail: ErrorDetails) -> str:
    """Our wording where there is one; a validator of ours words itself."""
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    wording = _MESSAGES.get(detail["type"])
    return wording.format(**detail.get("ctx", {})) if wording else detail["msg"]


def _steps_in_file(detail: ErrorDetails, content: Any) -> list[str | int]:
    """pydantic's location without the names it adds for unions and dictionary keys, which no file holds."""
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
