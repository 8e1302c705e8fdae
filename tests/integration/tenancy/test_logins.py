"""With ``CITY_LOGINS`` a session is logged in as its city, and the database itself refuses it every other role."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg2.errors
import pytest
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]  # its stubs lack it
from celery.signals import task_postrun, task_prerun
from django.db import close_old_connections, connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from pytest_django import Settings

from codes import suspension, tasks
from portal.celery import app
from regions.journal.models import JournalEntry
from regions.models import City
from regions.rights import create_city_role
from regions.sources.models import Source
from regions.staff.accounts import add_staff
from regions.staff.roles import Role
from regions.tenancy import as_owner, in_city, second_connection

NOW = datetime.now(UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _city_logins(settings: Settings, transactional_db: None) -> Iterator[None]:
    settings.CITY_LOGINS = True
    yield
    connection.close()


def _one(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


@pytest.mark.parametrize("other", ["city_beta", "portal_app", "portal_owner", "postgres"])
def test_no_other_role_can_be_taken(other: str) -> None:
    with in_city("alpha"):
        for statement in (f"SET ROLE {other}", f"SET SESSION AUTHORIZATION {other}", f"RESET ROLE; SET ROLE {other}"):
            with pytest.raises(ProgrammingError) as refusal, connection.cursor() as cursor:
                cursor.execute(statement)
            assert isinstance(refusal.value.__cause__, psycopg2.errors.InsufficientPrivilege), statement


def test_the_session_is_the_citys_and_is_kept() -> None:
    seen = []
    for schema in ("alpha", "beta", "alpha"):
        assert _one("SELECT session_user") == "portal_app"
        with in_city(schema):
            assert (_one("SELECT session_user"), _one("SELECT current_user")) == (f"city_{schema}", f"city_{schema}")
            assert Source.objects.exists()
            seen.append(_one("SELECT pg_backend_pid()"))
            with transaction.atomic():
                assert _one("SELECT pg_backend_pid()") == seen[-1]
    assert seen[0] == seen[2] != seen[1]


def test_a_transaction_that_begins_a_city_is_the_citys() -> None:
    """Without a statement before: BEGIN is sent by another way than a cursor."""
    with in_city("alpha"), transaction.atomic():
        assert _one("SELECT session_user") == "city_alpha"


def test_a_city_is_not_entered_inside_a_transaction_of_public() -> None:
    with transaction.atomic():
        _one("SELECT 1")
        with pytest.raises(transaction.TransactionManagementError), in_city("alpha"):
            _one("SELECT 1")
        assert _one("SELECT session_user") == "portal_app"


def test_another_connection_and_the_owner() -> None:
    with in_city("alpha"), second_connection() as other, other.cursor() as cursor:
        cursor.execute("SELECT session_user")
        assert cursor.fetchone() == ("city_alpha",)
    with as_owner():
        assert _one("SELECT session_user") == "portal_owner"
        with transaction.atomic(), in_city("alpha"):
            assert (_one("SELECT session_user"), _one("SELECT current_user")) == ("portal_owner", "city_alpha")
    assert _one("SELECT session_user") == "portal_app"


def test_a_session_that_was_ended_is_replaced(owner: Any) -> None:
    with in_city("alpha"):
        before = _one("SELECT pg_backend_pid()")
    with owner.cursor() as cursor:
        cursor.execute("SET ROLE city_alpha")
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    with in_city("alpha"):
        assert _one("SELECT pg_backend_pid()") != before


def test_a_worker_keeps_its_sessions_from_task_to_task(owner: Any) -> None:
    """… as a web server does from request to request, and has new ones where the server has ended them."""
    task, fixup = tasks.sum_up_cities, DjangoWorkerFixup(app)

    def in_task() -> object:
        fixup.on_task_prerun(task)
        task_prerun.send(sender=task, task_id="1", task=task, args=(), kwargs={})
        with in_city("alpha"):
            found = _one("SELECT pg_backend_pid()")
        task_postrun.send(sender=task, task_id="1", task=task, args=(), kwargs={})
        fixup.on_task_postrun(task)
        return found

    first = in_task()
    assert in_task() == first
    with owner.cursor() as cursor:
        cursor.execute("SET ROLE city_alpha")
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert in_task() != first


def test_a_worker_of_many_cities_keeps_no_session_for_longer_than_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """… although it logs in to one city or another all the time."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 60)
    times = [0, 40, 59, 61, 100]
    monkeypatch.setattr("django.db.backends.base.base.time", SimpleNamespace(monotonic=lambda: times[len(seen)]))
    monkeypatch.setattr("regions.backend.base.CITY_SESSIONS", 1)
    seen: list[int] = []
    for schema in ("alpha", "beta", "alpha", "beta", "alpha"):
        close_old_connections()
        pid = _one("SELECT pg_backend_pid()")
        with in_city(schema):
            _one("SELECT 1")
        seen.append(pid)
    assert seen[0] == seen[1] == seen[2] != seen[3] == seen[4]


def test_a_request_is_its_citys() -> None:
    for schema in ("alpha", "beta"):
        assert Client(headers={"host": f"{schema}.localhost"}).get("/").status_code == 200
        assert _one("SELECT session_user") == f"city_{schema}"


def test_a_city_is_suspended_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What operators decide is written in the province and in the city, which no one session can."""
    for username in ("mo", "su"):
        add_staff(username=username, roles=[Role.SYSTEM_ADMIN], by="system", now=NOW)
    asked = suspension.ask("alpha", reason="security", note="-", by="mo", now=NOW)
    suspension.confirm(asked.pk, by="su", now=NOW)
    assert _told_in_alpha() == ["city.suspended"]
    suspension.ask_end(asked.pk, by="mo", now=NOW + timedelta(hours=1))
    with monkeypatch.context() as dying:
        dying.setattr(suspension, "_carry_out", _die)
        with pytest.raises(ConnectionError):
            suspension.confirm_end(asked.pk, by="su", now=NOW + timedelta(hours=2))
    assert _told_in_alpha() == ["city.suspended"]
    assert tasks.sweep_suspensions() == 1
    assert tasks.sweep_suspensions() == 0
    assert _told_in_alpha() == ["city.suspended", "city.resumed"]


def _told_in_alpha() -> list[str]:
    with in_city("alpha"):
        about = JournalEntry.objects.filter(verb__in=["city.suspended", "city.resumed"])
        return list(about.order_by("seq").values_list("verb", flat=True))


def _die(_: object) -> None:
    raise ConnectionError


@pytest.mark.parametrize(("cities", "kept"), [(2, 3), (1, 2)])
def test_few_sessions_are_kept_and_all_are_closed(
    owner: Any, monkeypatch: pytest.MonkeyPatch, cities: int, kept: int
) -> None:
    monkeypatch.setattr("regions.backend.base.CITY_SESSIONS", cities)
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY (%s)"
    logins = ["portal_app", "city_alpha", "city_beta"]
    seen = set()
    for schema in ("alpha", "beta", "alpha", "beta"):
        with in_city(schema):
            seen.add(_one("SELECT pg_backend_pid()"))
        _one("SELECT 1")
    # Of no more cities than are kept, none is logged in to again, however often they are visited in turn.
    assert len(seen) == (2 if cities == 2 else 4)
    with owner.cursor() as cursor:
        cursor.execute(sessions, [logins])
        assert cursor.fetchone() == (kept,)
        connection.close()
        deadline = time.monotonic() + 10
        while True:
            cursor.execute(sessions, [logins])
            if cursor.fetchone() == (0,):
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_application_is_made_no_member(settings: Settings) -> None:
    """Roles belong to the server, on which other sessions of tests may run, so this one is made and rolled back."""
    member = "SELECT pg_has_role('portal_app', 'city_lonely', 'MEMBER')"
    with as_owner(), transaction.atomic():
        create_city_role(City(schema_name="lonely"))
        assert _one(member) is False
        settings.CITY_LOGINS = False
        create_city_role(City(schema_name="lonely"))
        assert _one(member) is True
        settings.CITY_LOGINS = True
        create_city_role(City(schema_name="lonely"))
        assert _one(member) is False
        transaction.set_rollback(True)


def test_a_password_is_set_where_none_stands_and_else_left(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set anew for nothing, a role would be locked for sessions in other databases."""
    settings.CITY_LOGINS = False  # the memberships of this role are other sessions' too
    given: list[str] = []
    monkeypatch.setattr("regions.rights._set_password", lambda role, cursor: given.append(role))
    with as_owner():
        create_city_role(City(schema_name="alpha"))
        assert given == []
        monkeypatch.setattr("django.conf.settings.KEY_ENCRYPTION_KEY", b"k" * 32)
        create_city_role(City(schema_name="alpha"))
        assert given == ["city_alpha"]
