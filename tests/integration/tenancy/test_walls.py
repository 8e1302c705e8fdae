"""A city's role reads and writes its own schema only, whatever the search path is."""

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from psycopg2 import sql

from codes.models import Citizen, Fact
from regions.models import City
from regions.sources.models import Source
from regions.tenancy import NoSuchCity, WrongSchema, as_owner, current_city, in_city
from tests.integration.tenancy.refused import is_refused

TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (%s) AND c.relkind = ANY (%s) ORDER BY 1, 2
"""


def test_the_structure_is_nobodys_to_change(alpha: City) -> None:
    for statement in (
        "CREATE TABLE more (id int)",
        "ALTER TABLE codes_fact ADD COLUMN more int",
        "DROP TABLE codes_verdict",
        "CREATE SCHEMA gamma",
        "ALTER TABLE codes_verdict DROP CONSTRAINT verdict_names_a_hit",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('codes', 'x', now())",
        "CREATE ROLE somebody",
        "COPY codes_fact TO '/tmp/facts'",
    ):
        assert is_refused(sql.SQL(statement)), statement


def test_a_role_cannot_give_itself_a_right(alpha: City) -> None:
    """PostgreSQL answers such a GRANT with a warning only; what counts is that it gives nothing."""
    with connection.cursor() as cursor:
        cursor.execute("GRANT UPDATE, DELETE ON codes_fact TO city_alpha")

    assert is_refused(sql.SQL("UPDATE codes_fact SET kind = 'negative_test'"))
    assert is_refused(sql.SQL("DELETE FROM codes_fact"))


def test_the_applications_own_login_sees_no_citys_data_before_it_enters(db: None) -> None:
    for schema, table in _relations(["alpha", "beta"], ["r"]):
        assert is_refused(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(schema, table)))
    assert is_refused(sql.SQL("UPDATE public.regions_city SET division = '000000'"))
    assert is_refused(sql.SQL("DELETE FROM public.regions_domain"))


def test_what_is_done_in_one_city_is_not_seen_in_another(db: None) -> None:
    with in_city("alpha") as city:
        Source.objects.filter(code="police").update(max_age_hours=1)
        assert (city.schema_name, current_city()) == ("alpha", city)
    with in_city("beta"):
        assert list(Source.objects.values_list("code", "max_age_hours")) == [("centre", 26)]
        assert not Citizen.objects.exists()


def test_the_role_is_left_with_the_city(db: None) -> None:
    assert _role() == settings.APP_LOGIN
    with in_city("alpha"):
        assert _role() == "city_alpha"
        with in_city("alpha"):
            assert _role() == "city_alpha"
        assert _role() == "city_alpha"
    assert _role() == settings.APP_LOGIN


def test_an_error_leaves_no_city_behind(db: None) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic(), in_city("alpha"):
        raise ZeroDivisionError
    assert _role() == settings.APP_LOGIN

    with pytest.raises(ProgrammingError), transaction.atomic(), in_city("alpha"), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM beta.codes_citizen")
    assert _role() == settings.APP_LOGIN


def test_a_rolled_back_savepoint_does_not_leave_the_city(alpha: City) -> None:
    """PostgreSQL undoes a SET with its transaction; the next statement must be in the city all the same."""
    with transaction.atomic():
        assert Fact.objects.count() == 0
        transaction.set_rollback(True)

    assert _role() == "city_alpha"
    assert Source.objects.filter(code="police").exists()


def test_two_cities_cannot_be_entered_at_once(alpha: City) -> None:
    with pytest.raises(WrongSchema, match="already in alpha"), in_city("beta"):
        pass
    assert current_city() == alpha


@pytest.mark.parametrize("schema", ["gamma", "public", "", "pg_catalog", "alpha; DROP SCHEMA beta"])
def test_what_is_no_city_cannot_be_entered(db: None, schema: str) -> None:
    with pytest.raises(NoSuchCity), in_city(schema):
        pass


def test_a_citys_work_refuses_to_run_in_public(db: None) -> None:
    with pytest.raises(WrongSchema):
        current_city()


def test_the_owners_login_is_not_taken_inside_a_transaction(db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError), as_owner():
        pass


def _relations(schemas: list[str], kinds: list[str]) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [schemas, kinds])
        return [(schema, table) for schema, table in cursor.fetchall()]


def _role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])
