"""The embedded PostgreSQL: started on demand, with the intended privileges, and recovered after failures."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from psycopg2 import errors

from portal.embedded import postgres, servers
from portal.embedded.postgres import lock_file
from portal.embedded.state import CHECKOUT, open_state

pytestmark = pytest.mark.usefixtures("own_state")


def ask(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run the statements, each committed by itself; the rows of the last one."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def postmaster() -> int:
    return int(lock_file(postgres.find(open_state()).data)[0])


def test_a_second_call_finds_the_server_of_the_first() -> None:
    first, process = servers.ensure_postgres(), postmaster()

    assert servers.ensure_postgres() == first
    assert postmaster() == process


def test_it_listens_on_the_loopback_only_and_asks_for_a_password() -> None:
    url = servers.ensure_postgres().app

    assert urlsplit(url).hostname == "127.0.0.1"
    assert ask(servers.ensure_postgres().superuser, "SHOW listen_addresses") == [("127.0.0.1",)]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(urlsplit(url)._replace(netloc=f"portal_app:wrong@127.0.0.1:{urlsplit(url).port}").geturl())


def test_no_login_of_the_portal_is_a_superuser_and_the_application_inherits_nothing() -> None:
    roles = ask(
        servers.ensure_postgres().superuser,
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolinherit, rolcanlogin, rolbypassrls "
        "FROM pg_roles WHERE rolname LIKE 'portal%' ORDER BY rolname",
    )

    assert roles == [
        ("portal_app", False, False, False, False, True, False),
        ("portal_owner", False, True, True, True, True, False),
    ]


@pytest.mark.parametrize("statement", ["CREATE TABLE public.mine ()", "CREATE SCHEMA mine", "CREATE ROLE mine"])
def test_the_application_may_make_nothing(statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        ask(servers.ensure_postgres().app, statement)


def test_the_owner_opens_a_city_whose_role_the_application_must_take() -> None:
    urls = servers.ensure_postgres()
    ask(
        urls.owner,
        "CREATE ROLE city_x LOGIN",
        "GRANT city_x TO portal_owner, portal_app",
        "CREATE SCHEMA x",
        "CREATE TABLE x.facts (id integer)",
        "GRANT USAGE ON SCHEMA x TO city_x",
        "GRANT SELECT, INSERT ON x.facts TO city_x",
    )

    with pytest.raises(errors.InsufficientPrivilege):
        ask(urls.app, "SELECT * FROM x.facts")
    assert ask(urls.app, "SET ROLE city_x", "INSERT INTO x.facts VALUES (1) RETURNING id") == [(1,)]
    with pytest.raises(errors.InsufficientPrivilege):
        ask(urls.app, "SET ROLE city_x", "DELETE FROM x.facts")


def test_passwords_are_readable_by_their_owner_only(own_state: Path) -> None:
    servers.ensure_postgres()

    kept = own_state / "postgres.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (own_state / "postgres").stat().st_mode & 0o777 == 0o700
    assert not (own_state / "postgres" / "password").exists()


def test_after_kill_9_it_comes_back_with_what_was_committed() -> None:
    url = servers.ensure_postgres().owner
    ask(url, "CREATE TABLE kept (day date)", "INSERT INTO kept VALUES ('2026-11-23')")

    os.kill(postmaster(), signal.SIGKILL)

    assert servers.ensure_postgres().owner == url
    assert ask(url, "SELECT day::text FROM kept") == [("2026-11-23",)]


def test_a_lock_file_that_names_another_program_does_not_hold_it_up() -> None:
    servers.ensure_postgres()
    lock = postgres.find(open_state()).data / "postmaster.pid"
    left = lock.read_text(encoding="utf-8").splitlines()

    os.kill(postmaster(), signal.SIGKILL)
    lock.write_text("\n".join([str(os.getpid()), *left[1:], ""]), encoding="utf-8")

    assert ask(servers.ensure_postgres().app, "SELECT 1") == [(1,)]


def test_a_port_taken_meanwhile_is_replaced_and_remembered(own_state: Path) -> None:
    servers.ensure_postgres()
    servers.stop_all()
    before = json.loads((own_state / "postgres.json").read_text(encoding="utf-8"))["port"]

    with socket.create_server(("127.0.0.1", int(before))):
        moved = urlsplit(servers.ensure_postgres().app).port

    assert str(moved) != before
    assert urlsplit(servers.ensure_postgres().app).port == moved


def test_commands_that_start_at_once_start_one_server(own_state: Path) -> None:
    servers.stop_all()
    command = [sys.executable, "-m", "portal.embedded", "start"]
    racing = [subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE) for _ in range(4)]
    answers = {process.communicate(timeout=120)[0] for process in racing}

    assert [process.returncode for process in racing] == [0, 0, 0, 0]
    assert len(answers) == 1
    assert ask(servers.ensure_postgres().app, "SELECT 1") == [(1,)]


def test_stopping_says_what_was_stopped_and_leaves_nothing_running() -> None:
    servers.ensure_postgres()
    servers.ensure_broker()

    assert servers.stop_all() == ["postgres", "valkey"]
    assert [server.running for server in servers.status()] == [False, False]
    assert servers.stop_all() == []
