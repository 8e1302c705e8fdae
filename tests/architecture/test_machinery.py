"""Required settings: the database driver, the layers of packages, the tasks and their enqueueing, the migrations."""

import ast
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import pytest
from django.core.management import call_command
from django.db.backends.postgresql.psycopg_any import is_psycopg3
from django.db.migrations import Migration, RunSQL
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter

from portal.celery import BEAT, SWEEP_SECONDS, app
from portal.environment import load
from tests.architecture.source import CHECKOUT, called_name, modules


def test_the_driver_is_psycopg2() -> None:
    """Django silently prefers psycopg 3 when it can be imported; django-tenants cannot set search paths with it."""
    assert is_psycopg3 is False


def test_three_floors_with_imports_only_downward() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout


PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": "a key for this test alone, and for nothing that matters at all",
    "KEY_ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "DATABASE_OWNER_URL": "postgresql://nobody@127.0.0.1:1/none",
    "DJANGO_SETTINGS_MODULE": "portal.settings",
}
LOADED_IN_PRODUCTION = """
import sys
import django
django.setup()
from django.urls import get_resolver
from portal.celery import app
for urlconf in ("portal.urls_city", "portal.urls_public"):
    assert get_resolver(urlconf).url_patterns
app.loader.import_default_modules()
print([name for name in sys.modules if name.startswith("portal.demo")])
"""


def test_production_addresses_and_tasks_load_nothing_of_the_demo() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED_IN_PRODUCTION],
        cwd=CHECKOUT,
        env={**os.environ, **PRODUCTION},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout == "[]\n", done.stderr


def test_every_bell_of_the_beat_table_is_answered() -> None:
    app.loader.import_default_modules()
    assert [entry["task"] for entry in BEAT.values() if entry["task"] not in app.tasks] == []


def test_what_a_killed_worker_left_goes_on_within_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/operations.md promises it: the lease expires, and the next sweep finds the work, independently of the broker.

    Two seconds are left for everything else.
    """
    for name in ("sweep", "sweep openings", "sweep risk lists"):
        assert BEAT[name]["schedule"] == SWEEP_SECONDS
    monkeypatch.delenv("LEASE_SECONDS", raising=False)
    assert load().lease.total_seconds() + SWEEP_SECONDS <= 28


def test_tasks_may_be_lost_doubled_or_late() -> None:
    conf: Any = app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_ignore_result
    assert conf.result_backend is None
    assert conf.accept_content == ["json"]


def test_no_task_waits_for_another() -> None:
    """There are no chords and no tasks with a time of execution: the broker may lose everything at any moment."""
    nodes = [node for module in modules() for node in module.nodes]
    taken = [
        name.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "celery"
        for name in node.names
    ]
    assert set(taken) == {"Celery", "shared_task"}
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    calls_to_broker = [call for call in calls if called_name(call).endswith("apply_async")]
    assert calls_to_broker
    assert [call for call in calls_to_broker if {"eta", "countdown"} & {keyword.arg for keyword in call.keywords}] == []


@pytest.mark.usefixtures("db")
def test_migrations_make_what_the_models_say() -> None:
    said = io.StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=said)
    assert said.getvalue() == "No changes detected\n"


@pytest.mark.parametrize("app", ["codes", "journal", "keys", "regions", "sources", "staff"])
def test_a_squashed_migration_makes_what_those_it_replaces_make(app: str) -> None:
    """A city opened today has the same tables as one opened long ago. Only the order of columns may differ."""
    loader = MigrationLoader(None, replace_migrations=False)
    [squashed] = [one for one in loader.disk_migrations.values() if one.replaces and one.app_label == app]
    stepped = loader.project_state(squashed.replaces[-1])
    before = loader.project_state([key for key in squashed.dependencies if key[0] != app])
    at_once = squashed.mutate_state(before)
    assert _tables(at_once, app) == _tables(stepped, app)
    assert _triggers_and_functions([squashed]) == _triggers_and_functions(
        loader.disk_migrations[key] for key in squashed.replaces
    )


def _triggers_and_functions(migrations: Iterable[Migration]) -> dict[str, str]:
    """Return name → last definition of triggers and functions, which SQL creates and the model state does not contain."""
    made = re.compile(
        r"CREATE (?:OR REPLACE )?(FUNCTION \w+|TRIGGER \w+ AFTER \w+ ON \w+)(.*?(?:\$(\w*)\$.*?\$\3\$|EXECUTE FUNCTION \w+\(\)))",
        re.DOTALL,
    )
    written = (one.sql for migration in migrations for one in migration.operations if isinstance(one, RunSQL))
    texts = (sql if isinstance(sql, str) else ";".join(map(str, sql)) for sql in written)
    return {name: " ".join(text.split()) for sql in texts for name, text, _ in made.findall(sql)}


def _tables(state: ProjectState, app: str) -> dict[str, Any]:
    """Return fields and options of each model as they would be written into a migration, without their order."""
    return {
        model.name: {
            "fields": {name: MigrationWriter.serialize(field) for name, field in model.fields.items()},
            "constraints": sorted(str(one.deconstruct()) for one in model.options.get("constraints", ())),
            "indexes": sorted(str(one.deconstruct()) for one in model.options.get("indexes", ())),
            "unique together": sorted(model.options.get("unique_together", ())),
        }
        for (label, _), model in state.models.items()
        if label == app
    }
