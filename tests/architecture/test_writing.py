"""Every recorded act has an actor and an instant. The database requires both columns together, and its constraints have names."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from regions.models import City
from tests.architecture.source import Function, Module, called_name, modules, place

OURS = ("portal", "codes", "regions", "keys", "sources", "staff", "journal")
RECORDS = {"record", "record_all"}

# In these modules the function itself determines ``by``.
NAMES_ITS_ACTOR = {
    "codes/citizens/sign_in.py",
    "codes/cities/look_ups.py",
    "codes/cities/corrections.py",
    "codes/cities/asked_corrections.py",
}

# Columns that end in _by but name no actor, or whose instant has another name.
OTHER_PAIRS = {
    "codes.Rule.cleared_by": None,  # kinds of facts
    "codes.InformationRequest.answer_by": None,  # a deadline
    "codes.InformationRequest.answered_by": "closed_at",
    "codes.CorrectionRequest.answer_entered_by": "answered_at",
    "codes.PaperPass.asked_by": "issued_at",
    "codes.SecondLook.decided_by": "drawn_at",
}

# These may also end without an actor: a ruling expires, a question lapses.
ENDS_BY_ITSELF = {
    "codes.Guardianship.ended_by",
    "codes.InformationRequest.answered_by",
    "codes.BulkSuppression.ended_by",
    "codes.Ruling.ended_by",
    "codes.Suppression.ended_by",
}

CHECKS = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE contype = 'c' AND connamespace IN ('alpha'::regnamespace, 'public'::regnamespace)
"""


def recording() -> Iterator[tuple[Module, Function, ast.Call]]:
    for module in modules("codes", "regions"):
        if module.name == "regions/journal/record.py" or "regions.journal.record" not in module.text:
            continue
        for function in module.functions():
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and called_name(node) in RECORDS:
                    yield module, function, node


def test_what_is_recorded_says_when_and_by_whom() -> None:
    """Both are passed on from keyword parameters, or ``by`` is the system."""
    found = []
    for module, function, call in recording():
        asked = {argument.arg for argument in function.args.kwonlyargs}
        said = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        when = "now" in asked and said.get("now") == "now"
        whom = (
            said.get("by") == "SYSTEM" or ("by" in asked and said.get("by") == "by") or module.name in NAMES_ITS_ACTOR
        )
        if not (when and whom):
            found.append(f"{place(module, call)} {function.name}")
    assert found == []


def test_something_is_recorded() -> None:
    assert len(list(recording())) > 20


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def columns(model: type[models.Model]) -> dict[str, "models.Field[Any, Any]"]:
    return {field.name: field for field in model._meta.concrete_fields}


def pairs() -> Iterator[tuple[type[models.Model], str, str]]:
    """Yield (model, column of the actor, column of the instant)."""
    for model in ours():
        for name in columns(model):
            label = f"{model._meta.label}.{name}"
            when = OTHER_PAIRS.get(label, f"{name.removesuffix('_by')}_at")
            if name.endswith("_by") and when:
                yield model, name, when


def optional_pairs() -> Iterator[tuple[type[models.Model], str, str]]:
    """Yield the pairs whose columns are both empty at first."""
    for model, who, when in pairs():
        if when in columns(model) and columns(model)[when].null and f"{model._meta.label}.{who}" not in ENDS_BY_ITSELF:
            yield model, who, when


def test_who_did_it_stands_beside_when() -> None:
    lonely = [f"{model._meta.label}.{who}" for model, who, when in pairs() if when not in columns(model)]
    assert lonely == []


def test_exceptions_to_the_names_are_real() -> None:
    existing = {f"{model._meta.label}.{name}" for model in ours() for name in columns(model)}
    assert OTHER_PAIRS.keys() | ENDS_BY_ITSELF <= existing


@pytest.mark.parametrize(
    ("model", "who", "when"),
    [pytest.param(*pair, id=f"{pair[0]._meta.label}.{pair[1]}") for pair in optional_pairs()],
)
def test_who_and_when_are_set_together(model: type[models.Model], who: str, when: str) -> None:
    """A check constraint of the table requires both or neither."""
    checks = [one for one in model._meta.constraints if isinstance(one, models.CheckConstraint)]
    tying = [one.name for one in checks if {who, when} <= named_in(one.condition)]
    assert tying


def named_in(condition: Any) -> set[str]:
    """Return the columns in the condition."""
    if isinstance(condition, models.Q):
        return set().union(*map(named_in, condition.children))
    name, value = condition
    others = {value.deconstruct()[1][0]} if isinstance(value, models.F) else set()
    return {name.partition("__")[0]} | others


def test_every_check_has_a_name_that_says_what_it_refuses(alpha: City) -> None:
    """This includes constraints that fields would create by themselves."""
    with connection.cursor() as cursor:
        cursor.execute(CHECKS)
        found = {(table.rpartition(".")[2].strip('"'), name) for table, name in cursor.fetchall()}
    tables = {model._meta.db_table for model in ours()}
    named = {(model._meta.db_table, one.name) for model in ours() for one in model._meta.constraints}
    assert {one for one in found if one[0] in tables} == {
        (table, name) for table, name in named if (table, name) in checks_of_models()
    }
    assert not [name for table, name in found if table in tables and name.endswith("_check")]


def checks_of_models() -> set[tuple[str, str]]:
    return {
        (model._meta.db_table, one.name)
        for model in ours()
        for one in model._meta.constraints
        if isinstance(one, models.CheckConstraint)
    }
