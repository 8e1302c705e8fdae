"""The code of a release works with the tables of the next release (docs/adr/0065-expand-migrate-contract.md)."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, cast

import pytest
from django.db import models
from django.db.migrations import (
    AddField,
    AlterField,
    AlterModelTable,
    CreateModel,
    DeleteModel,
    Migration,
    RemoveField,
    RenameField,
    RenameModel,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED

from tests.architecture.source import CHECKOUT

# The last migrations before the rule. No installation existed then.
BEFORE_THE_RULE = {"codes": 50, "regions": 13, "staff": 3, "sources": 6, "journal": 4, "keys": 3, "retention": 1}
TAKES_AWAY = (RemoveField, DeleteModel, RenameField, RenameModel, AlterModelTable)
LISTED: dict[str, dict[str, str]] = tomllib.loads((CHECKOUT / "docs" / "upgrades.toml").read_text(encoding="utf-8"))


def version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


RELEASE = version(tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def contracts(migration: Migration, before: ProjectState) -> list[str]:
    """Return the operations whose result the code of the previous release could not work with."""
    found, state = [], before.clone()
    for operation in migration.operations:
        if (
            isinstance(operation, TAKES_AWAY)
            or _refuses_old_rows(operation)
            or _narrows(operation, state, migration.app_label)
        ):
            found.append(operation.describe())
        operation.state_forwards(migration.app_label, state)
    return found


def _refuses_old_rows(operation: object) -> bool:
    """Return whether it adds a column that neither old code nor the database fills."""
    if not isinstance(operation, AddField):
        return False
    field: Any = operation.field
    return not (field.many_to_many or field.null or field.db_default is not NOT_PROVIDED)


def _narrows(operation: object, state: ProjectState, app: str) -> bool:
    if not isinstance(operation, AlterField):
        return False
    old = state.models[app, operation.model_name_lower].get_field(operation.name)
    new: Any = operation.field
    return (old.null and not new.null) or old.get_internal_type() != new.get_internal_type()


def test_what_takes_away_says_since_when_nothing_uses_it() -> None:
    loader = MigrationLoader(None, replace_migrations=False)
    wrong = []
    for (app, name), migration in loader.disk_migrations.items():
        if app not in BEFORE_THE_RULE or int(name[:4]) <= BEFORE_THE_RULE[app] or migration.replaces:
            continue
        since = LISTED.get(app, {}).get(name)
        taken = contracts(migration, loader.project_state((app, name), at_end=False))
        if taken and (since is None or version(since) >= RELEASE):
            wrong.append(f"{app} {name}: {'; '.join(taken)}")
    assert wrong == [], "list it in docs/upgrades.toml, or add db_default"


BODY = re.compile(r"(\$\w*\$).*?\1|--[^\n]*|'[^']*'", re.DOTALL)


def statements_of(operation: Operation) -> Iterator[str]:
    if isinstance(operation, SeparateDatabaseAndState):
        for one in operation.database_operations:
            yield from statements_of(one)
    elif isinstance(operation, RunSQL):
        for told in [operation.sql] if isinstance(operation.sql, str) else operation.sql:
            yield told if isinstance(told, str) else told[0]


def test_a_new_city_is_made_one_statement_at_a_time() -> None:
    """A cluster requires it: its nodes accept only one statement in a message."""
    loader = MigrationLoader(None)
    plan = [loader.disk_migrations[key] for key in loader.graph.nodes if key[0] in BEFORE_THE_RULE]
    told = [(one, text) for one in plan for operation in one.operations for text in statements_of(operation)]
    assert len(told) > 10
    assert [f"{one}: {text[:60]}" for one, text in told if ";" in BODY.sub("", text).strip().rstrip(";")] == []


def test_what_is_listed_is_there() -> None:
    there = MigrationLoader(None).disk_migrations.keys()
    assert {(app, name) for app, names in LISTED.items() for name in names} - there == set()


def state_with_a_model() -> ProjectState:
    state = ProjectState()
    fields: list[tuple[str, Any]] = [
        ("id", models.AutoField(primary_key=True)),
        ("a", models.TextField(null=True)),
        ("b", models.IntegerField()),
    ]
    state.add_model(ModelState("codes", "One", fields))
    return state


def migration_of(*operations: Any) -> Migration:
    made: Any = Migration("0099_x", "codes")
    made.operations = operations
    return cast("Migration", made)


@pytest.mark.parametrize(
    "operation",
    [
        RemoveField("One", "a"),
        RenameField("One", "a", "c"),
        RenameModel("One", "Other"),
        DeleteModel("One"),
        AlterModelTable("One", "other"),
        AddField("One", "c", models.TextField(default="")),
        AlterField("One", "a", models.TextField()),
        AlterField("One", "b", models.TextField()),
    ],
    ids=lambda operation: operation.describe(),
)
def test_these_are_seen(operation: Any) -> None:
    assert contracts(migration_of(operation), state_with_a_model()) == [operation.describe()]


def test_what_adds_is_free() -> None:
    migration = migration_of(
        CreateModel("Two", [("id", models.AutoField(primary_key=True))]),
        AddField("One", "c", models.TextField(null=True)),
        AddField("One", "d", models.TextField(default="", db_default="")),
        AlterField("One", "b", models.IntegerField(null=True)),
    )
    assert contracts(migration, state_with_a_model()) == []
