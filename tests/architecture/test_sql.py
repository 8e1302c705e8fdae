"""House rules of SQL: long statements are in files, each of which is read by one module that composes all its statements."""

import ast
import re
from pathlib import Path

import pytest

from regions.sql import WrongParts, compose
from tests.architecture.source import CHECKOUT, FLOORS, Module, called_name, modules, place

MOST_LINES = 9
STATEMENT = re.compile(r"\b(SELECT\b.+\bFROM|INSERT INTO|UPDATE\b.+\bSET|DELETE FROM)\b", re.DOTALL)
HEADING = re.compile(r"^-- statement: (\w+)$", re.MULTILINE)


def sql_files() -> list[Path]:
    return [path for floor in FLOORS for path in sorted((CHECKOUT / floor).rglob("*.sql"))]


def test_long_sql_stands_in_files() -> None:
    found = [
        place(module, node)
        for module in modules()
        for node in module.nodes
        if isinstance(node, ast.JoinedStr | ast.Constant) and is_long_sql(node)
    ]
    assert found == []


def is_long_sql(node: ast.JoinedStr | ast.Constant) -> bool:
    pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = "".join(str(piece.value) if isinstance(piece, ast.Constant) else "…" for piece in pieces)
    return len(text.strip().splitlines()) > MOST_LINES and STATEMENT.search(text) is not None


def test_advisory_locks_are_taken_in_one_place() -> None:
    assert [module.name for module in modules() if "pg_advisory" in module.text] == ["regions/locks.py"]


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_each_file_is_read_by_the_one_module_beside_it(path: Path) -> None:
    """That module composes every statement of the file, and none that is not in it."""
    (reader,) = [module for module in modules() if reads(module, path)]
    assert composed_by(reader) == set(HEADING.findall(path.read_text(encoding="utf-8")))


def reads(module: Module, path: Path) -> bool:
    """Return whether the module reads the file, by the suffix of its own path or by the file's name."""
    itself = CHECKOUT / module.name
    own = itself.with_suffix(".sql") == path and '.with_suffix(".sql")' in module.text
    return own or (itself.parent == path.parent and f'.with_name("{path.name}")' in module.text)


def composed_by(module: Module) -> set[str]:
    calls = [node for node in module.nodes if isinstance(node, ast.Call) and called_name(node) == "compose"]
    return {str(name.value) for call in calls for name in call.args[1:] if isinstance(name, ast.Constant)}


def test_comments_are_no_part_of_a_statement(tmp_path: Path) -> None:
    """So that the digest of the engine's text, by which a run decides whether to judge everybody, does not depend on them."""
    several, single = tmp_path / "several.sql", tmp_path / "single.sql"
    several.write_text(
        "-- A file.\n-- statement: one\n-- First.\nSELECT 1,\n       -- Then this.\n       2 - -1\n-- Last."
    )
    single.write_text("-- A file.\nSELECT 1\n")
    assert compose(several, "one") == "SELECT 1,\n       2 - -1"
    assert compose(single) == "SELECT 1\n"


def test_a_part_that_is_missing_or_unused_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "some.sql"
    file.write_text(
        "-- Told first.\n-- statement: one\nSELECT '{}'::jsonb, %(a)s::int WHERE {{which}}\n\n-- statement: two\nSELECT 1\n"
    )
    assert compose(file, "one", which="true") == "SELECT '{}'::jsonb, %(a)s::int WHERE true"
    assert compose(file, "two") == "SELECT 1"
    for parts in ({}, {"whom": "true"}, {"which": "true", "whom": "true"}):
        with pytest.raises(WrongParts):
            compose(file, "one", **parts)
    with pytest.raises(WrongParts):
        compose(file, "two", which="true")
