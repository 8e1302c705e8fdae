"""Tables that may only grow: the city's role has no other right on them, by any statement."""

import psycopg2.errors
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from psycopg2 import sql

from regions.models import City
from regions.rights import AppendOnly

MODELS = [model for model in apps.get_models() if issubclass(model, AppendOnly)]
# Append-only by design, beside which every new one is tried too.
EXPECTED = {
    "Checkpoint",
    "EffectiveChange",
    "Entry",
    "Fact",
    "JournalEntry",
    "Quarantined",
    "RunError",
    "VerdictChange",
}


def test_the_records_of_what_happened_are_append_only() -> None:
    assert {model.__name__ for model in MODELS} >= EXPECTED


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_rows_can_be_neither_changed_nor_removed(alpha: City, model: type[AppendOnly]) -> None:
    table = sql.Identifier(model._meta.db_table)
    columns = [field.column for field in model._meta.concrete_fields if field.column is not None]

    assert _is_refused(sql.SQL("DELETE FROM {}").format(table))
    assert _is_refused(sql.SQL("TRUNCATE {}").format(table))
    for column in columns:
        change = sql.SQL("UPDATE {table} SET {c} = {c}").format(table=table, c=sql.Identifier(column))
        assert _is_refused(change) is (column not in model.updatable_columns), column


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_rows_can_be_read_and_added(alpha: City, model: type[AppendOnly]) -> None:
    table = sql.Identifier(model._meta.db_table)

    assert not _is_refused(sql.SQL("SELECT 1 FROM {}").format(table))
    assert not _is_refused(sql.SQL("INSERT INTO {t} SELECT * FROM {t} WHERE false").format(t=table))


def test_the_citys_role_holds_no_right_that_was_not_meant(alpha: City) -> None:
    """No role but the owner and the city's own has any right on a city's table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT grantee FROM information_schema.role_table_grants WHERE table_schema = 'alpha' "
            "AND grantee NOT IN ('city_alpha', %s)",
            [settings.OWNER_LOGIN["USER"]],
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = 'city_alpha'"
        )
        assert cursor.fetchone() == (False, False, False, False)


def _is_refused(statement: sql.Composable) -> bool:
    """Whether the database refuses for want of a right."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        return isinstance(error.__cause__, psycopg2.errors.InsufficientPrivilege)
    return False
