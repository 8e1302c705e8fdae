"""``docs/architecture.md`` is as generated from the code, and the steps that it lists for a fact follow each other in the code."""

import ast
import re

import pytest
from django.apps import apps

from portal.management.commands.draw_architecture import (
    FLOORS,
    FLOW,
    PAGE,
    Step,
    first_sentence,
    imports,
    page,
    rooms_of,
)
from tests.architecture.source import CHECKOUT

STEPS = {step.name: step for step in FLOW}


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run ./run manage draw_architecture"


@pytest.mark.parametrize("room", [room for floor in FLOORS for room in (floor, *rooms_of(floor))])
def test_every_room_says_in_a_sentence_what_it_is(room: str) -> None:
    assert first_sentence(CHECKOUT / room.replace(".", "/") / "__init__.py")


def test_no_room_imports_from_a_floor_above() -> None:
    found = [
        (room, other)
        for room, others in imports().items()
        for other in others
        if FLOORS.index(other.split(".")[0]) < FLOORS.index(room.split(".")[0])
    ]
    assert found == []
    assert "codes.engine" in imports()["codes.runs"]


@pytest.mark.parametrize("step", FLOW, ids=lambda step: step.name)
def test_each_step_has_its_function_in_its_module(step: Step) -> None:
    tree = ast.parse(step.path.read_text(encoding="utf-8"))
    assert step.function.__name__ in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("step", [step for step in FLOW if step.after], ids=lambda step: step.name)
def test_each_step_is_reached_from_the_one_before(step: Step) -> None:
    """Both steps name the same function or table."""
    before = STEPS[step.after]
    assert names(step) & spellings(step.by)
    assert names(before) & spellings(step.by)


def spellings(link: str) -> set[str]:
    """Return the names of the link: a table has its own name in SQL and its model's name in Python."""
    return {link, *(model.__name__ for model in apps.get_models() if model._meta.db_table == link)}


def names(step: Step) -> set[str]:
    """Return all identifiers in the step's module and SQL."""
    return set(re.findall(r"\w+", step.texts))
