"""Every message that code and templates ask the catalogue for, found without running them, and what the API's document says."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

from portal.api.reference import with_texts
from portal.api.schema import document

ROOT = Path(__file__).resolve().parents[3]
CODE = ("portal", "codes", "regions")
# Function → places of context, message and plural among its arguments.
CALLS = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
}
# What Django makes of a template for its own extraction: calls among noise.
IN_TEMPLATE = re.compile(
    r"\b(_|gettext|ngettext|pgettext|npgettext)(\((?:u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\"|[^()'\"])*\))"
)

COUNTED = re.compile(r",\s*[a-z_]\w*\)$")


class Message(NamedTuple):
    """As the catalogue knows it; empty context and plural where there are none."""

    context: str
    text: str
    plural: str


def messages() -> dict[Message, str]:
    """Message → a place where it is used."""
    found: dict[Message, str] = {}
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for message in _in_code(path.read_text(encoding="utf-8")):
                found.setdefault(message, str(path.relative_to(ROOT)))
    for path in sorted((ROOT / "templates").rglob("*.*")):
        for message in _in_template(path.read_text(encoding="utf-8")):
            found.setdefault(message, str(path.relative_to(ROOT)))
    with_texts(json.loads(document()), lambda text: found.setdefault(Message("", text, ""), "the document of the API"))
    return found


def _in_code(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _called(node)


def _in_template(source: str) -> Iterator[Message]:
    for match in IN_TEMPLATE.finditer(templatize(source)):
        name, arguments = match.groups()
        call = ast.parse(name + COUNTED.sub(", 0)", arguments), mode="eval").body
        if isinstance(call, ast.Call):
            yield from _called(call)


def _called(call: ast.Call) -> Iterator[Message]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name not in CALLS:
        return
    parts = [_constant(call, place) for place in CALLS[name]]
    if parts[1]:
        yield Message(parts[0], parts[1], parts[2])


def _constant(call: ast.Call, place: int | None) -> str:
    if place is None or place >= len(call.args):
        return ""
    argument = call.args[place]
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""
