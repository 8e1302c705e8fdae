"""The product's source code, parsed once, for the tests of the house rules."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
FLOORS = ("portal", "codes", "regions")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One source file. ``name`` is its path relative to the checkout."""

    name: str
    text: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree, walked once: a dozen tests look at them."""
        return tuple(ast.walk(self.tree))

    def functions(self) -> Iterator[Function]:
        return (node for node in self.nodes if isinstance(node, Function))


@cache
def modules(*floors: str) -> tuple[Module, ...]:
    """Return the modules of these top-level packages (default: all), without migrations, which are generated."""
    paths = [path for floor in floors or FLOORS for path in sorted((CHECKOUT / floor).rglob("*.py"))]
    return tuple(_read(path) for path in paths if "migrations" not in path.parts)


@cache
def _read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(str(path.relative_to(CHECKOUT)), text, ast.parse(text))


def place(module: Module, node: ast.AST) -> str:
    """Return the position of the node, as ``codes/tasks.py:12``."""
    return f"{module.name}:{getattr(node, 'lineno', 1)}"


def called_name(call: ast.Call) -> str:
    """Return the dotted name of what is called, as ``connection.set_tenant``; empty if it has no name."""
    return dotted(call.func)


def dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name):
            return f"{dotted(owner)}.{name}"
        case _:
            return ""
