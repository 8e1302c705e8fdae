"""A city file written as people would write it: the form's answers as TOML, which is then read as every other city file is."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def as_toml(content: Mapping[str, Any]) -> str:
    """Tables and lists of tables by headings, everything in them on its line. Values: text, numbers, and tables of text."""
    parts = []
    for name, value in content.items():
        if isinstance(value, Mapping):
            parts.append(_section(f"[{name}]", value))
        elif isinstance(value, Sequence):
            parts += [_section(f"[[{name}]]", table) for table in value]
    return "\n\n".join(parts) + "\n"


def _section(heading: str, table: Mapping[str, Any]) -> str:
    return "\n".join([heading, *(f"{_key(key)} = {_value(value)}" for key, value in table.items())])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, int | float):
        return repr(value)
    # JSON's escapes are TOML's; DEL is the one sign that TOML wants escaped and JSON does not.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else _value(key)
