"""The fields of a schema of the OpenAPI document as rows for people to read, and an example of the whole."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from markdown_it import MarkdownIt

Schema = Mapping[str, Any]
Components = Mapping[str, Schema]

# A description of a choice that repeats its value, as the generator writes for choices without labels.
ECHO = re.compile(r"^\* `(.+)` - \1$", re.MULTILINE)
MARKDOWN = MarkdownIt("commonmark", {"html": False})
# The limits that a schema may set, and their labels.
BOUNDS = (
    ("minLength", "maxLength", pgettext_lazy("of a text", "length")),
    ("minItems", "maxItems", _("number of items")),
    ("minimum", "maximum", pgettext_lazy("of a number", "value")),
)
SAMPLES = {"date": "2026-11-24", "date-time": "2026-11-24T10:00:00+08:00"}
SAMPLES_BY_TYPE: dict[str, Any] = {
    "string": "…",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "object": {},
    "array": [],
}


@dataclass(frozen=True)
class Field:
    """A row. ``name`` is the path in the body, such as ``items[].number``; ``kind`` is the document's type, ``text`` is HTML."""

    name: str
    kind: str
    is_required: bool
    values: tuple[object, ...]
    limits: tuple[tuple[str, object], ...]
    text: str


def prose(text: str) -> str:
    """Render the document's Markdown as HTML."""
    rendered: str = MARKDOWN.render(text)
    return rendered


def fields_of(schema: Schema, components: Components, within: str = "") -> Iterator[Field]:
    """Yield every field of an object, or of the objects in a list, each followed by those inside it."""
    schema = plain(schema, components)
    if "items" in schema:
        schema, within = plain(schema["items"], components), f"{within}[]"
    required = schema.get("required", ())
    for key, inner in schema.get("properties", {}).items():
        name = f"{within}.{key}".lstrip(".")
        yield field(name, inner, components, is_required=key in required)
        yield from fields_of(inner, components, name)


def field(name: str, schema: Schema, components: Components, *, is_required: bool) -> Field:
    """Return the row of one field or parameter."""
    schema = plain(schema, components)
    inner = plain(schema["items"], components) if "items" in schema else schema
    values = inner.get("enum", [inner["const"]] if "const" in inner else [])
    return Field(
        name,
        _kind(schema, components),
        is_required,
        tuple(value for value in values if value is not None),
        tuple((str(label), limit) for label, limit in _limits(schema)),
        prose(ECHO.sub("", schema.get("description", ""))),
    )


def plain(schema: Schema, components: Components) -> Schema:
    """Resolve references and remove the choice of null, which ``nullable`` then records. Outer keywords take precedence."""
    if "$ref" in schema:
        found = components[schema["$ref"].rpartition("/")[2]]
        return plain({**found, **{key: value for key, value in schema.items() if key != "$ref"}}, components)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            outer = {key: value for key, value in schema.items() if key != choice}
            some = [one for one in schema[choice] if one.get("type") != "null"]
            nullable = {"nullable": True} if len(some) < len(schema[choice]) else {}
            return {**plain(some[0], components), **outer, **nullable}
    if isinstance(schema.get("type"), list):
        (kind,) = (one for one in schema["type"] if one != "null")
        return {**schema, "type": kind, "nullable": "null" in schema["type"]}
    return schema


def sample(schema: Schema, components: Components) -> Any:
    """Return an example value: the first of several choices, without optional fields."""
    schema = plain(schema, components)
    if "default" in schema and schema["default"] is not None:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        required = schema.get("required", ())
        return {key: sample(inner, components) for key, inner in schema["properties"].items() if key in required}
    if "items" in schema:
        return [sample(schema["items"], components)]
    return SAMPLES.get(schema.get("format", "")) or SAMPLES_BY_TYPE[schema.get("type", "object")]


def _kind(schema: Schema, components: Components) -> str:
    if "items" in schema:
        kind = f"{_kind(plain(schema['items'], components), components)}[]"
    else:
        kind = schema.get("format") or schema.get("type", "object")
    return f"{kind} | null" if schema.get("nullable") else kind


def _limits(schema: Schema) -> Iterator[tuple[object, object]]:
    if "exclusiveMaximum" in schema:
        schema = {**schema, "maximum": schema["exclusiveMaximum"] - 1}
    for lowest, highest, label in BOUNDS:
        low, high = schema.get(lowest), schema.get(highest)
        if low is not None and high is not None:
            yield label, f"{low}–{high}" if low != high else low
        elif high is not None:
            yield label, f"≤ {high}"
        elif low is not None:
            yield label, f"≥ {low}"
    if "pattern" in schema:
        yield _("pattern"), schema["pattern"]
    if schema.get("default") not in (None, ""):
        yield _("default"), schema["default"]
