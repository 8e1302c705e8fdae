"""The reference page of the API for developers, generated from the OpenAPI document."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.http import require_safe

from codes.intake.lines import SHAPES
from codes.models import Scope
from portal.api.bodies import LINES_TYPE
from portal.api.errors import ApiErrorCode
from portal.api.fields import ECHO, Components, Field, field, fields_of, prose, sample
from portal.api.schema import document
from portal.web.access import for_anyone

IN_PATH = re.compile(r"\{(\w+)\}")
IN_SENTENCE = re.compile(r"\{\w+\}")
WORDS = ("summary", "description")
# Names of headers, in sentences of either language.
HEADER = re.compile(r"(?<!`)\b(?:[A-Z][a-z]+-[A-Z][a-z]+|Authorization: Bearer)\b")


@dataclass(frozen=True)
class Body:
    """A body of a request or an answer. ``example`` is generated from the schema if the document has none."""

    media_type: str
    title: str
    text: str
    fields: tuple[Field, ...]
    example: str


@dataclass(frozen=True)
class Call:
    """A command that makes a call, for pasting into a shell."""

    title: str
    command: str


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[tuple[str, Field], ...]
    bodies: tuple[Body, ...]
    calls: tuple[Call, ...]
    answers: tuple[tuple[str, str], ...]
    answer_bodies: tuple[Body, ...]
    errors: tuple[str, ...]


@for_anyone
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    base = request.build_absolute_uri("..")
    return render(request, "api/reference.html", {"base": base, "text": reference_text(translation.get_language())})


@lru_cache(maxsize=2)
def reference_text(language: str) -> str:
    """Return the page below its title. It is the same in every city, and rendered once per language and process."""
    with translation.override(language):
        return render_to_string(
            "api/reference_text.html", _described(with_texts(json.loads(document()), translation.gettext))
        )


def with_texts(described: Any, translate: Callable[[str], str]) -> Any:
    """Return the document with each of its texts, which are English, replaced by what ``translate`` returns for it."""
    if isinstance(described, list):
        return [with_texts(inner, translate) for inner in described]
    if isinstance(described, dict):
        return {
            key: translate(inner) if _is_words(key, inner) else with_texts(inner, translate)
            for key, inner in described.items()
        }
    return described


def _is_words(key: str, inner: Any) -> bool:
    """Return whether the value is a text to translate: not the schema of a field of that name, and not only repeated choices."""
    return key in WORDS and isinstance(inner, str) and ECHO.sub("", inner).strip() != ""


def _described(described: dict[str, Any]) -> dict[str, Any]:
    components = described["components"]["schemas"]
    operations = [
        (operation["tags"][0], _operation(method, path, operation, components))
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    return {
        "keys": [
            (name, prose(scheme["description"])) for name, scheme in described["components"]["securitySchemes"].items()
        ],
        "services": [(scope, [made for service, made in operations if service == scope]) for scope in Scope],
        "errors": sorted(_errors(described["paths"])),
        "problem": tuple(fields_of(components["Problem"], components)),
        "codes": [(code.value, _sentence(str(code.label))) for code in ApiErrorCode],
    }


def _sentence(label: str) -> str:
    return prose(HEADER.sub(r"`\g<0>`", IN_SENTENCE.sub("…", label)))


def _operation(method: str, path: str, operation: dict[str, Any], components: Components) -> Operation:
    asked = operation.get("requestBody", {}).get("content", {})
    answers = {status: response for status, response in operation["responses"].items() if status < "400"}
    bodies = [body for response in answers.values() for body in _bodies(response["content"], components)]
    return Operation(
        operation["operationId"],
        method.upper(),
        path,
        operation["summary"],
        prose(operation["description"]),
        tuple((one["in"], _parameter(one, components)) for one in operation.get("parameters", ())),
        tuple(_bodies(asked, components)),
        tuple(_calls(method, path, asked)),
        tuple((status, prose(response["description"])) for status, response in answers.items()),
        tuple(dict.fromkeys(bodies)),
        tuple(sorted(operation["responses"].keys() - answers.keys())),
    )


def _parameter(one: dict[str, Any], components: Components) -> Field:
    schema = {**one["schema"], "description": one.get("description", "")}
    return field(one["name"], schema, components, is_required=one.get("required", False))


def _bodies(content: dict[str, Any], components: Components) -> Iterator[Body]:
    """Yield the bodies of a content. A body of lines has the fields of its lines, which are in no schema of a body."""
    for media_type, media in content.items():
        if media_type == LINES_TYPE and media["schema"].get("format") != "binary":
            schemas = {shape.__name__: components[shape.__name__] for shape in SHAPES.values()}
        else:
            schemas = {"": media["schema"]}
        for title, schema in schemas.items():
            described = components.get(schema.get("$ref", "").rpartition("/")[2], schema)
            yield Body(
                media_type,
                title,
                prose(described.get("description", "")),
                tuple(fields_of(schema, components)),
                _example(media, components),
            )


def _example(media: dict[str, Any], components: Components) -> str:
    if media["schema"].get("type") == "string":
        return ""
    shown = [one["value"] for one in media.get("examples", {}).values()] or [sample(media["schema"], components)]
    return json.dumps(shown[0], ensure_ascii=False, indent=2)


def _calls(method: str, path: str, asked: dict[str, Any]) -> Iterator[Call]:
    """Yield a call for each example of a body; a call without a body has one."""
    address = IN_PATH.sub(lambda found: f"${found[1].upper()}", path)
    start, end = 'curl -H "Authorization: Bearer $KEY"', f'"https://$CITY{address}"'
    if method == "get":
        yield Call("", f"{start} {end}")
    for media_type, media in asked.items():
        for one in media["examples"].values():
            value = one["value"]
            body = value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
            parts = [f"{start} -H 'Content-Type: {media_type}'", f"--data-binary {shlex.quote(body)}", end]
            yield Call(one["summary"], " \\\n  ".join(parts))


def _errors(paths: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (status, prose(response["description"]))
        for methods in paths.values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        if status >= "400"
    }
