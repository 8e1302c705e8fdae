"""As each city's role, against all there is outside its schema: what is tried is read from the catalogue, so new tables are too.

Two walls stand before everything, and each is tried alone: the schema may not be used, and the object itself has no grant.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from psycopg2 import sql

from regions.models import City
from regions.sql import compose
from regions.tenancy import in_city
from tests.integration.tenancy.refused import is_refused

FILE = Path(__file__).with_name("isolation.sql")
ELSEWHERE = "nspname NOT IN (current_schema(), 'pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'"
RELATIONS, FUNCTIONS, GRANTED, SAMPLES = (
    compose(FILE, name, elsewhere=ELSEWHERE) for name in ("relations", "functions", "granted", "samples")
)
STATEMENTS = compose(FILE, "statements")
# Passwords, samples of columns, other databases' credentials, the server's files and programs.
SENSITIVE = (
    "SELECT 1 FROM pg_authid",
    "SELECT 1 FROM pg_shadow",
    "SELECT 1 FROM pg_statistic",
    "SELECT 1 FROM pg_statistic_ext_data",
    "SELECT 1 FROM pg_user_mapping",
    "SELECT 1 FROM pg_largeobject",
    "SELECT 1 FROM pg_hba_file_rules",
    "SELECT 1 FROM pg_file_settings",
    "SELECT subconninfo FROM pg_subscription",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/one'",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "SET SESSION AUTHORIZATION portal_owner",
)


@pytest.fixture(params=["alpha", "beta"])
def city(request: pytest.FixtureRequest, db: None) -> Iterator[City]:
    with in_city(request.param) as entered:
        yield entered


def test_no_table_elsewhere_can_be_read_or_written(city: City) -> None:
    tables = _rows(RELATIONS, [["r", "p", "v", "m", "f"]])
    assert {schema for schema, *_ in tables} == {"alpha", "beta", "public"} - {city.schema_name}
    assert len(tables) > 60

    for schema, table, column in tables:
        for statement in (
            "SELECT 1 FROM {t} LIMIT 1",
            "INSERT INTO {t} DEFAULT VALUES",
            "UPDATE {t} SET {c} = {c}",
            "DELETE FROM {t}",
            "TRUNCATE {t}",
        ):
            names = {"t": sql.Identifier(schema, table), "c": sql.Identifier(column)}
            assert is_refused(sql.SQL(statement).format(**names)), f"{statement} {schema}.{table}"


def test_no_sequence_elsewhere_can_be_used(city: City) -> None:
    sequences = _rows(RELATIONS, [["S"]])
    assert len(sequences) > 30
    for schema, sequence, _ in sequences:
        for statement in ("SELECT nextval({})", "SELECT setval({}, 1)"):
            name = sql.Literal(f'"{schema}"."{sequence}"')
            assert is_refused(sql.SQL(statement).format(name)), f"{schema}.{sequence}"


def test_no_function_elsewhere_can_be_called(city: City) -> None:
    functions = _rows(FUNCTIONS, [])
    assert "refresh_statistics" in {name for _, name, _ in functions}
    for schema, name, kinds in functions:
        values = sql.SQL(", ").join(sql.SQL(f"NULL::{kind}") for kind in kinds)
        call = sql.SQL("SELECT {f}({values})").format(f=sql.Identifier(schema, name), values=values)
        assert is_refused(call), f"{schema}.{name}"


def test_nothing_elsewhere_is_granted_even_to_who_may_use_its_schema(city: City) -> None:
    assert _rows(GRANTED, []) == []


def test_the_servers_secrets_and_files_are_nobodys(city: City) -> None:
    for statement in SENSITIVE:
        assert is_refused(sql.SQL(statement)), statement


def test_samples_and_statements_of_others_are_not_shown(city: City) -> None:
    """Views that show each role its own: what the planner knows of the values of columns, and what runs now."""
    assert _rows(SAMPLES, []) == []
    assert _rows(STATEMENTS, []) == []


def _rows(query: str, parameters: list[list[str]]) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        return list(cursor.fetchall())
