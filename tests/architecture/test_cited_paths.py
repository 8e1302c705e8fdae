"""Everything of this repository that code and documents name exists: files, folders, modules and names in modules."""

import pkgutil
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import Resolver404, resolve

from tests.architecture.source import CHECKOUT

READ = ("*.py", "*.md", "*.toml", "*.html", "*.sql", "run", ".ci/run")
FOLDERS = "portal|codes|regions|templates|tests|bench|docs|cities|locale|deploy"
PACKAGES = "portal|codes|regions|tests|bench"

LINK = re.compile(r"\]\((?!\w+:)([^)\s#]+)(?:#[^)\s]*)?\)")
QUOTED_PATH = re.compile(rf"`((?:{FOLDERS})/[^`\s]*)`")
BARE_PATH = re.compile(rf"(?<![\w./<{{-])((?:{FOLDERS})/[\w./-]+\.(?:py|md|sql|toml))\b")
BARE_NAME = re.compile(r"`([\w-]+\.(?:py|md|sql|toml|html))`")
DOTTED = re.compile(rf"`((?:{PACKAGES})(?:\.\w+)+)(?:\(\))?`")
LINE_NUMBER = re.compile(r":\d+$")
# Placeholders: `<schema>`, `{name}`, `NAME`, `…`.
PLACEHOLDER = re.compile(r"[<{…*]|\b[A-Z]{2,}\b(?!\.)")


@cache
def texts() -> dict[Path, str]:
    """Return the tracked files to check → their text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *READ],  # noqa: S607
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [CHECKOUT / name for name in listed.stdout.split("\0") if name]
    return {path: path.read_text(encoding="utf-8") for path in paths if path.is_file()}


def missing(path: Path, text: str) -> Iterator[str]:
    """Yield the names that the file cites and that do not exist."""
    if path.suffix == ".md":
        for link in LINK.findall(text):
            if not (is_page(link) if link.startswith("/") else (path.parent / link).exists()):
                yield link
    paths = {LINE_NUMBER.sub("", cited) for cited in (*QUOTED_PATH.findall(text), *BARE_PATH.findall(text))}
    for cited in paths:
        if not PLACEHOLDER.search(cited) and not (CHECKOUT / cited).exists():
            yield cited
    yield from (name for name in set(BARE_NAME.findall(text)) - names())
    yield from (name for name in set(DOTTED.findall(text)) if not resolves(name))


def is_page(address: str) -> bool:
    """Return whether the address is a page of the portal: the guides are shown there and link to its pages."""
    try:
        resolve(address, "portal.urls_city")
    except Resolver404:
        return False
    return True


@cache
def names() -> frozenset[str]:
    return frozenset(path.name for path in texts())


@cache
def resolves(dotted: str) -> bool:
    """Return whether it is a module, a name in a module, or the label of a model."""
    try:
        pkgutil.resolve_name(dotted)
    except (ImportError, AttributeError):
        return dotted in {model._meta.label for model in apps.get_models()}
    return True


def test_every_path_that_is_cited_exists() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}: {name}"
        for path, text in texts().items()
        if path != Path(__file__)
        for name in missing(path, text)
    ]
    assert found == []


def test_files_were_read() -> None:
    assert {"README.md", "settings.py", "verdict.sql", "pyproject.toml", "run"} <= names()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](nowhere.md) [b](https://example.org/x.md) [c](README.md#top)", ["nowhere.md"]),
        ("`codes/nowhere.py:12` `codes/tasks.py:12` `codes/<name>.py` `codes/*.py`", ["codes/nowhere.py"]),
        ("say docs/nowhere.md, not /usr/docs/nowhere.md", ["docs/nowhere.md"]),
        ("`nowhere.py` and `settings.py`", ["nowhere.py"]),
        ("``codes.nowhere`` ``codes.models.Nobody`` ``codes.models.Fact`` ``codes.Fact``", None),
    ],
)
def test_what_is_not_there_is_found(text: str, found: list[str] | None) -> None:
    assert sorted(missing(CHECKOUT / "x.md", text)) == (found or ["codes.models.Nobody", "codes.nowhere"])
