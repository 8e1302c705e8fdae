"""A web server on a real standby database behind the proxy of deploy/: it shows codes, and the primary does all else."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from codes.models import Citizen
from portal.embedded import postgres
from portal.embedded.state import open_state
from portal.observability.tasks import note_beat
from portal.web import standby
from portal.web.sessions import CITIZEN
from regions.identity import Identity
from regions.keys.encryption import encrypt_number, identity_hash
from regions.models import City
from regions.tenancy import in_city
from regions.vocabulary import IdType
from tests.integration.pages.people import Visitor
from tests.integration.web_server.proxy import opens_tls, proxied
from tests.integration.web_server.serving import HOST, Open, free_port, opens, web_server
from tests.own_database import database_urls

CODE = "/code/"
# Beside other tests its disk and processors have much to do.
PATIENCE_SECONDS = 120
SLOT = "standby_of_tests_"
SLOTS = "SELECT array_agg(slot_name::text) FROM pg_replication_slots WHERE starts_with(slot_name, %s)"
FREE_SLOT = "SELECT pg_terminate_backend(active_pid, 60000) FROM pg_replication_slots WHERE slot_name = %s"
FILES = {"more": ("nginx-standby.conf",), "of_server": ("nginx-standby-server.conf",)}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def is_left_to_the_primary(self) -> bool:
        return self.headers.get("X-Accel-Redirect") == standby.AT_PRIMARY


def asked(open_one: Open, person: Visitor | None, path: str = CODE, *, method: str = "GET") -> Answer:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in person.client.cookies.items()) if person else ""
    with open_one() as line:
        line.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = HTTPResponse(line)
        answer.begin()
        return Answer(answer.status, dict(answer.headers), answer.read().decode())


def said(url: str, query: str, *parameters: str) -> Any:
    raw = psycopg2.connect(url)
    raw.autocommit = True
    with closing(raw), raw.cursor() as cursor:
        cursor.execute(query, parameters or None)
        return cursor.fetchone() if cursor.description else None


class Standby:
    """Of the embedded PostgreSQL, in a folder beside it, which the user that servers run as may enter.

    It has a replication slot, as in ``docs/operations.md``. Other tests copy databases, which makes a checkpoint each and
    removes the write-ahead log before it, also if the standby still needs it.
    """

    def __init__(self) -> None:
        self._primary = postgres.find(open_state())
        self._programs = Path(self._primary.state.load(postgres.NAME)["programs"])
        self.port = free_port()
        self.folder = self._primary.home / f"standby-{self.port}"
        self._data = self.folder / "data"
        self._slot = f"{SLOT}{os.getpid()}"

    def create(self) -> None:
        self._drop_slots()
        self._primary.account.give_directory(self.folder)
        self._run("pg_basebackup", f"--dbname={self._primary.urls().superuser.replace('/portal', '/postgres')}",
                  "--create-slot", f"--slot={self._slot}", "--write-recovery-conf", "--checkpoint=fast",
                  f"--pgdata={self._data}")  # fmt: skip

    def start(self) -> None:
        log = self.folder / "log"
        self._run("pg_ctl", "start", "--wait", f"--pgdata={self._data}", f"--log={log}",
                  f"--options={postgres.server_options(str(self.port))}")  # fmt: skip

    def stop(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--mode=immediate", f"--pgdata={self._data}")

    def remove(self) -> None:
        self.stop()
        self._drop_slots()
        shutil.rmtree(self.folder)

    def said(self, query: str) -> object:
        return said(self.url(self._primary.urls().superuser), query)

    def said_by_primary(self, query: str) -> object:
        return said(self._primary.urls().superuser, query)

    def _drop_slots(self) -> None:
        """Drop this session's slot and those of sessions that were killed: a slot keeps the log for its standby."""
        url = self._primary.urls().superuser
        for name in said(url, SLOTS, SLOT)[0] or ():
            if name == self._slot or not Path(f"/proc/{name.removeprefix(SLOT)}").exists():
                said(url, FREE_SLOT, name)
                said(url, "SELECT pg_drop_replication_slot(%s)", name)

    def url(self, of_primary: str) -> str:
        """The same login and database, here."""
        place = urlsplit(of_primary)
        return urlunsplit(place._replace(netloc=place.netloc.replace(f":{place.port}", f":{self.port}")))

    def _run(self, program: str, *arguments: object) -> None:
        done = self._primary.account.run([self._programs / program, *arguments], timeout=300)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def copy(transactional_db: None) -> Iterator[Standby]:
    one = Standby()
    try:
        one.create()
        yield one
    finally:
        one.remove()


def signed_in(number: str) -> Visitor:
    with in_city("alpha"):
        identity = Identity(IdType.PASSPORT, number)
        who = Citizen.objects.create(
            ref=number, id_type=identity.id_type, id_hash=identity_hash(identity),
            id_encrypted=encrypt_number(identity), full_name="张三", known_since=timezone.now(),
        )  # fmt: skip
        return Visitor.signed_in(who, now=timezone.now(), host=HOST)


def wait_until_it_is_shown(open_one: Open, person: Visitor) -> Answer:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answer := asked(open_one, person)).is_left_to_the_primary:
        assert time.monotonic() < deadline
        note_beat()  # every 15 seconds in operation: without writes even a standby that has everything is old
        time.sleep(0.1)
    return answer


def test_codes_are_shown_beside_a_standby_and_all_else_by_the_primary(copy: Standby, tmp_path: Path) -> None:
    person = signed_in("E10000001")
    # Before it follows, the primary has finished with the log that it needs, as after a lost connection.
    for _ in range(2):
        copy.said_by_primary("SELECT pg_switch_wal()")
        copy.said_by_primary("CHECKPOINT")
    copy.start()
    urls = database_urls()
    beside = {**urls, "DATABASE_URL": copy.url(urls["DATABASE_URL"]), "STANDBY": "on"}
    log = tmp_path / "web.log"
    with web_server(log, **urls) as at_primary, web_server(log, **beside) as at_standby:
        places = {
            "127.0.0.1:8001": f"127.0.0.1:{at_primary}",
            "192.0.2.2:8001": f"127.0.0.1:{at_standby}",
            "    server 192.0.2.2:8002 max_conns=20;\n": "",
        }
        with proxied(tmp_path, places, **FILES) as port:
            here, proxy = opens(at_standby), opens_tls(port, tmp_path)
            shown = wait_until_it_is_shown(here, person)
            assert (shown.status, "张" in shown.text) == (200, True)
            assert asked(proxy, person).status == 200
            # What it does not answer, the proxy asks of the primary, and nobody notices.
            assert asked(here, None).is_left_to_the_primary
            assert asked(proxy, None).status == 302
            # Whoever has just sent something sees what came of it.
            assert "portal_wrote" not in str(asked(proxy, person).headers)
            assert "portal_wrote=1" in str(asked(proxy, person, "/sign-in/", method="POST").headers)
            # Who has signed in since, while it is behind.
            copy.said("SELECT pg_wal_replay_pause()")
            assert [copy.said(standby.KEEPS_UP % seconds) for seconds in (1000, 0.001)] == [(True,), (False,)]
            newcomer = signed_in("E10000002")
            assert asked(here, newcomer).is_left_to_the_primary
            assert (answer := asked(proxy, newcomer)).status == 200
            assert "X-Accel-Redirect" not in answer.headers
            # Its database is gone, and then the web server, too.
            copy.stop()
            assert asked(here, person).is_left_to_the_primary
            assert asked(proxy, person).status == 200


@pytest.fixture
def beside(settings: Settings, alpha: City) -> Visitor:
    """Signed in, at a web server that is told to leave what it cannot do. Its database takes writes, which none must try."""
    person = signed_in("E10000003")
    settings.STANDBY = True
    return person


def is_left(response: HttpResponse) -> bool:
    return response.headers.get("X-Accel-Redirect") == standby.AT_PRIMARY


def test_a_standby_that_is_behind_shows_nothing(beside: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standby, "ASKED_EVERY_SECONDS", 1000)
    assert not is_left(beside.get(CODE))
    monkeypatch.setattr(standby, "KEEPS_UP", "SELECT %s IS NULL")
    assert not is_left(beside.get(CODE))  # as of the last second
    monkeypatch.setattr(standby, "ASKED_EVERY_SECONDS", 0)
    assert is_left(beside.get(CODE))


def test_what_it_shows_is_never_a_minute_old() -> None:
    assert standby.OLDEST_SECONDS + standby.ASKED_EVERY_SECONDS < 60


def test_whoever_stays_is_kept_signed_in_by_the_primary(beside: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their session is written a few times an hour and not with every look, and ends as on the primary."""
    begun, before = timezone.now(), beside.client.session[CITIZEN]
    for minutes, left in ((1, False), (9, False), (11, True), (21, True)):
        monkeypatch.setattr("django.utils.timezone.now", lambda minutes=minutes: begun + timedelta(minutes=minutes))
        assert is_left(beside.get(CODE)) is left
        assert beside.client.session[CITIZEN] == before


@pytest.mark.parametrize("path", ["/code/", "/sign-in/", "/staff/", "/nothing/"])
def test_what_is_sent_is_left_to_the_primary(beside: Visitor, path: str) -> None:
    assert is_left(beside.post(path))


@pytest.mark.parametrize("path", ["/code/", "/staff/", "/nothing/"])
def test_what_is_no_whole_page_is_left_to_the_primary(beside: Visitor, path: str) -> None:
    assert is_left(Visitor(Client(headers={"host": HOST})).get(path))


def test_the_primary_itself_leaves_nothing(alpha: City) -> None:
    assert Client(headers={"host": HOST}).get(CODE).status_code == 302
