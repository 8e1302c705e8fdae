"""A city's search path and role are set once, and again after anything that may have reset them."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2.extensions
import pytest
from django.db import DEFAULT_DB_ALIAS, DataError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from codes.models import Citizen
from regions.models import City
from regions.tenancy import in_city


def where() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), current_user")
        schema, role = cursor.fetchone() or ("", "")
    return schema, role


def entries(asked: CaptureQueriesContext) -> int:
    return sum(one["sql"].startswith("SET search_path") for one in asked.captured_queries)


def test_a_city_is_entered_once_for_many_statements(alpha: City) -> None:
    connection.forget_entry()  # type: ignore[attr-defined]  # regions.backend's own
    with CaptureQueriesContext(connection) as asked:
        for _ in range(3):
            assert not Citizen.objects.exists()
    assert entries(asked) == 1
    assert len(asked) == 4


def test_each_request_enters_its_city_anew(db: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        for schema in ("alpha", "beta", "alpha"):
            asking = Client(headers={"host": f"{schema}.localhost", "authorization": "Bearer none"})
            assert asking.post("/api/v1/entries").status_code == 401
    paths = [one["sql"] for one in asked.captured_queries if 'SET ROLE "city_' in one["sql"]]
    assert [path.partition('"')[2].partition('"')[0] for path in paths] == ["alpha", "beta", "alpha"]


def rolled_back() -> None:
    with transaction.atomic():
        connection.forget_entry()  # type: ignore[attr-defined]  # regions.backend's own
        where()
        transaction.set_rollback(True)


def failed() -> None:
    with pytest.raises(DataError):
        fail()


def fail() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        connection.forget_entry()  # type: ignore[attr-defined]  # regions.backend's own
        where()
        cursor.execute("SELECT 1 / 0")


def changed_by_hand() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET search_path = public; RESET ROLE")
        transaction.set_rollback(True)


@pytest.mark.parametrize("undoing", [rolled_back, failed, changed_by_hand])
def test_it_is_entered_again_after(alpha: City, undoing: Callable[[], None]) -> None:
    """Within the test's transaction, so that each rollback is one to a savepoint."""
    assert where() == ("alpha", "city_alpha")
    undoing()
    assert where() == ("alpha", "city_alpha")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("undoing", [rolled_back, failed, changed_by_hand])
def test_it_is_entered_again_after_whole_transactions(undoing: Callable[[], Any]) -> None:
    with in_city("alpha"):
        assert where() == ("alpha", "city_alpha")
        undoing()
        assert where() == ("alpha", "city_alpha")
        connection.close()
        assert where() == ("alpha", "city_alpha")


@pytest.mark.django_db(transaction=True)
def test_a_session_is_asked_whether_it_lives_only_where_the_server_said_something() -> None:
    with in_city("alpha"):
        session = connection.connection
        backend = session.info.backend_pid
        asked = []

        class Noting(psycopg2.extensions.cursor):
            def execute(self, query: Any, parameters: Any = None) -> None:
                asked.append(query)
                super().execute(query, parameters)

        session.cursor_factory = Noting
        assert connection.is_usable()
        assert asked == []
        with closing(connections.create_connection(DEFAULT_DB_ALIAS)) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
        assert not connection.is_usable()
        assert asked == ["SELECT 1"]
        connection.close()
        assert where() == ("alpha", "city_alpha")
