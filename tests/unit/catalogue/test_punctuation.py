"""Full-width punctuation beside Han characters, wherever Chinese stands outside the catalogue: titles, guides, templates, code."""

import ast
import csv
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.catalogue.messages import ROOT

HAN = "\u4e00-\u9fff"
HALF_WIDTH = re.compile(rf"[{HAN}][,;:?!()\"']|[,;:?!()\"'](?=[{HAN}])|[{HAN}]\.(?=\s|$)")
# What is code or an address within a text: it is shown as it is typed.
CODE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|https?://\S+", re.DOTALL)
TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL)
MARKS = re.compile(r"!?\[|[\]*_|]")
FOLDERS = ("codes", "portal", "regions")


def _city_files() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "cities").rglob("*.toml")):
        for text in _strings(tomllib.loads(path.read_text(encoding="utf-8"))):
            yield path.name, text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def _divisions() -> Iterator[tuple[str, str]]:
    path = ROOT / "regions" / "data" / "divisions.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            yield from ((path.name, cell) for cell in row)


def _guides() -> Iterator[tuple[str, str]]:
    for path in (*sorted((ROOT / "docs" / "guide" / "zh-hans").glob("*.md")), ROOT / "README.zh-CN.md"):
        for line in CODE.sub("", path.read_text(encoding="utf-8")).splitlines():
            yield path.name, MARKS.sub("", line)


def _templates() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "templates").rglob("*.*")):
        for line in TAGS.sub("\n", path.read_text(encoding="utf-8")).splitlines():
            yield str(path.relative_to(ROOT)), line.strip()


def _code() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                # A string that is a statement of its own is a docstring, which is English.
                for child in () if isinstance(node, ast.Expr) else ast.iter_child_nodes(node):
                    if isinstance(child, ast.Constant) and isinstance(child.value, str):
                        yield str(path.relative_to(ROOT)), child.value


@pytest.mark.parametrize("texts", [_city_files, _divisions, _guides, _templates, _code])
def test_punctuation_beside_han_is_full_width(texts: Any) -> None:
    chinese = [(place, text) for place, text in texts() if re.search(f"[{HAN}]", text)]
    assert chinese
    faults = [f"{place}: {text}" for place, text in chinese if HALF_WIDTH.search(text)]
    assert not faults, "\n".join(faults)
