"""No way from a city's session to the owner: functions that run as the owner use nothing that the caller can write."""

import psycopg2.errors
import psycopg2.extensions
import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import ProgrammingError

from regions.models import City
from regions.tenancy import in_city

RUN_AS_THEIR_OWNER = """
    SELECT n.nspname, p.proname, (
        SELECT substring(setting FROM 13) FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=%%'
    )
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""
WRITABLE = """
    SELECT r.rolname FROM pg_roles r
    WHERE (r.rolname = %s OR r.rolname LIKE 'city\\_%%') AND has_schema_privilege(r.rolname, %s, 'CREATE')
"""
# What the function casts to, hidden by a domain of the caller's whose check runs as whoever casts.
ATTACK = """
    CREATE FUNCTION pg_temp.evil(what pg_catalog.regnamespace) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_catalog.set_config('attack.ran_as', current_user::text, false);
        RETURN true;
    END $$;
    CREATE DOMAIN pg_temp.regnamespace AS pg_catalog.regnamespace CHECK (pg_temp.evil(value));
"""


def test_their_search_path_has_only_what_nobody_else_can_write_to(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RUN_AS_THEIR_OWNER)
        functions = cursor.fetchall()
        assert {schema for schema, *_ in functions} >= {"alpha", "beta"}
        for schema, name, path in functions:
            assert path is not None, f"{schema}.{name} has the caller's search path"
            *before, last = (part.strip(' "') for part in path.split(","))
            assert last == "pg_temp", f"{schema}.{name}: {path}"
            assert set(before) <= {schema, "pg_catalog"}, f"{schema}.{name}: {path}"
            for part in before:
                cursor.execute(WRITABLE, [settings.APP_LOGIN, part])
                assert cursor.fetchall() == [], f"{schema}.{name}: {path}"


def test_what_a_session_makes_does_not_run_as_the_owner(owner: psycopg2.extensions.connection) -> None:
    """Tried with the right to make something, which is taken away besides, so that either alone is enough."""
    with owner.cursor() as cursor:
        cursor.execute(f"GRANT TEMPORARY ON DATABASE {connection.settings_dict['NAME']} TO PUBLIC")
    with in_city("alpha"), connection.cursor() as cursor:
        cursor.execute(ATTACK)
        cursor.execute("SELECT NULLIF(current_setting('attack.ran_as', true), '')")
        assert cursor.fetchone() == (None,)
        cursor.execute("SELECT refresh_statistics(ARRAY['codes_fact'])")
        cursor.execute("SELECT NULLIF(current_setting('attack.ran_as', true), '')")
        assert cursor.fetchone() == (None,)


def test_the_statistics_are_still_those_of_the_city(owner: psycopg2.extensions.connection) -> None:
    with owner.cursor() as cursor:
        cursor.execute("CREATE TABLE alpha.codes_new (id int); CREATE TABLE beta.codes_new (id int)")
        with in_city("alpha"), connection.cursor() as city:
            city.execute("SELECT refresh_statistics(ARRAY['codes_new'])")
        cursor.execute(
            "SELECT relnamespace::regnamespace::text, reltuples >= 0 FROM pg_class WHERE relname = 'codes_new' ORDER BY 1"
        )
        assert cursor.fetchall() == [("alpha", True), ("beta", False)]


@pytest.mark.parametrize(
    "statement", ["CREATE TEMPORARY TABLE more (id int)", "CREATE DOMAIN pg_temp.regnamespace AS text"]
)
def test_a_city_makes_nothing_temporary(alpha: City, statement: str) -> None:
    _refused(statement)


def test_nor_does_the_application_outside_a_city(db: None) -> None:
    _refused("CREATE TEMPORARY TABLE more (id int)")


def _refused(statement: str) -> None:
    with pytest.raises(ProgrammingError) as refusal, connection.cursor() as cursor:
        cursor.execute(statement)
    assert isinstance(refusal.value.__cause__, psycopg2.errors.InsufficientPrivilege)
