"""Append-only tables: the city's role has no other privilege on them, by any statement."""

from datetime import datetime

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from psycopg2 import sql

from regions.journal.models import JournalEntry
from regions.keys.models import CityKey
from regions.models import City
from regions.rights import AppendOnly
from regions.staff.models import Account, RoleGrant
from tests.integration.tenancy.refused import is_refused

MODELS = [model for model in apps.get_models() if issubclass(model, AppendOnly)]
# Append-only by design, beside which every new one is tried too.
EXPECTED = {
    "Account",
    "Checkpoint",
    "CityKey",
    "EffectiveChange",
    "Entry",
    "Fact",
    "JournalEntry",
    "Quarantined",
    "RoleGrant",
    "RunError",
    "VerdictChange",
}


def test_the_records_of_what_happened_are_append_only() -> None:
    assert {model.__name__ for model in MODELS} >= EXPECTED


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_rows_can_be_neither_changed_nor_removed(alpha: City, model: type[AppendOnly]) -> None:
    _may_only_change(model, model.updatable_columns)


@pytest.mark.parametrize("model", [Account, CityKey, JournalEntry, RoleGrant], ids=lambda model: model.__name__)
def test_those_of_public_are_kept_from_the_applications_login(db: None, model: type[AppendOnly]) -> None:
    _may_only_change(model, model.updatable_columns)


def test_who_somebody_is_and_what_they_were_given_stays(alpha: City) -> None:
    """What ``updatable_columns`` say is what the tests above compare with; this says what they must not say."""
    for statement in (
        "UPDATE staff_account SET username = 'zhao'",
        "UPDATE staff_account SET created_at = now()",
        "UPDATE staff_rolegrant SET account_id = 1",
        "UPDATE staff_rolegrant SET role = 'approver'",
        "UPDATE staff_rolegrant SET granted_by = 'zhao'",
        "UPDATE staff_rolegrant SET granted_at = now()",
        "UPDATE keys_citykey SET wrapped = ''",
        "UPDATE keys_citykey SET public_key = NULL",
        "UPDATE keys_citykey SET purpose = 'pass'",
        "DELETE FROM keys_citykey",
        "DELETE FROM staff_rolegrant",
        "DELETE FROM staff_account",
    ):
        assert is_refused(sql.SQL(statement)), statement


def test_an_account_saved_whole_keeps_its_name(alpha: City, now: datetime) -> None:
    """As the sign-in's library does after a change of password."""
    account = Account.objects.create(username="li", password="!", created_at=now)
    again = Account.objects.get(pk=account.pk)
    again.username, again.password = "zhao", "?"
    again.save()
    assert Account.objects.filter(pk=account.pk).values_list("username", "password").get() == ("li", "?")


def _may_only_change(model: type[AppendOnly], changing: tuple[str, ...]) -> None:
    table = sql.Identifier(model._meta.db_table)
    columns = [field.column for field in model._meta.concrete_fields if field.column is not None]

    assert is_refused(sql.SQL("DELETE FROM {}").format(table))
    assert is_refused(sql.SQL("TRUNCATE {}").format(table))
    for column in columns:
        change = sql.SQL("UPDATE {table} SET {c} = {c}").format(table=table, c=sql.Identifier(column))
        assert is_refused(change) is (column not in changing), column


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_rows_can_be_read_and_added(alpha: City, model: type[AppendOnly]) -> None:
    table = sql.Identifier(model._meta.db_table)

    assert not is_refused(sql.SQL("SELECT 1 FROM {}").format(table))
    assert not is_refused(sql.SQL("INSERT INTO {t} SELECT * FROM {t} WHERE false").format(t=table))


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
