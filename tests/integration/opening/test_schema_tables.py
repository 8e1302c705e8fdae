"""A city whose tables were created by repeated statements is identical to one created by migrations."""

import re
from typing import Any

import pytest
from psycopg2.extensions import connection

from tests.integration.opening.conftest import Run
from tests.integration.opening.files import Edited

# Everything a schema consists of, with its own name taken out.
PARTS = {
    "columns": """SELECT table_name, column_name, ordinal_position, column_default, is_nullable, data_type, is_identity,
                         identity_generation, collation_name
                  FROM information_schema.columns WHERE table_schema = %(schema)s""",
    "constraints": """SELECT conrelid::regclass::text, conname, contype::text, condeferrable, condeferred, convalidated,
                             pg_get_constraintdef(oid)
                      FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s",
    "functions": """SELECT proname, prosecdef, proconfig::text, prosrc, proowner::regrole::text FROM pg_proc
                    WHERE pronamespace = %(schema)s::regnamespace""",
    "relations": """SELECT relname, relkind::text, relowner::regrole::text, relpersistence::text, relacl::text,
                           reloptions::text
                    FROM pg_class WHERE relnamespace = %(schema)s::regnamespace""",
    "column rights": """SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute
                        WHERE attacl IS NOT NULL AND attrelid IN
                            (SELECT oid FROM pg_class WHERE relnamespace = %(schema)s::regnamespace)""",
    "sequences": """SELECT sequencename, data_type::text, start_value, increment_by, last_value FROM pg_sequences
                    WHERE schemaname = %(schema)s AND sequencename ~ '^(django|auth)_'""",
    "migrations": "SELECT app, name FROM {schema}.django_migrations",
    "content types": "SELECT id, app_label, model FROM {schema}.django_content_type",
    "permissions": "SELECT id, name, content_type_id, codename FROM {schema}.auth_permission",
}


def nameless(schema: str, value: object) -> str:
    return re.sub(rf"\b(city_)?{schema}\b", "…", str(value))


def parts(owner: connection, schema: str) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with owner.cursor() as cursor:
        for part, question in PARTS.items():
            cursor.execute(question.format(schema=schema), {"schema": schema})
            found[part] = sorted(tuple(nameless(schema, value) for value in row) for row in cursor.fetchall())
    return found


def test_repeated_statements_make_the_same_city(
    run: Run, files: Edited, owner: connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alpha, the first city of the session, was made by its migrations."""
    files.change("alpha.localhost", "gamma.localhost")
    path = files.change('"alpha"', '"gamma"')
    files.change('division = "510100"', 'division = "510300"')
    monkeypatch.setattr("regions.schemas.migrate", pytest.fail)

    ended = run("open_city", str(path))

    assert ended.code == 0, ended.err
    migrated, repeated = parts(owner, "alpha"), parts(owner, "gamma")
    for part in PARTS:
        assert migrated[part], f"no {part} were found: the question is wrong"
        assert migrated[part] == repeated[part], part
