"""Used one-time codes and rate limits are shared by all web processes, tested with separate processes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test import Client, override_settings
from django.utils import timezone

from codes.models import Citizen, KeptForm
from portal.web.kept_forms import keep_typed
from regions.models import City
from regions.staff.models import CacheEntry
from regions.tenancy import in_city
from tests import quick_hasher
from tests.integration.pages.people import PASSWORD, Visitor, present_code, ready_account, tie_phone

ROUNDS = 60
FORK = get_context("fork")
SECONDS_TO_WAIT = 60


def browse(pipe: Connection) -> None:
    """Sign "anna" in as far as the code, say so, type the codes that are then told, and say where the last one leads."""
    with override_settings(PASSWORD_HASHERS=[quick_hasher.PATH]):
        client = Client(headers={"host": "beta.localhost"})
        client.post("/staff/sign-in/", {"login": "anna", "password": PASSWORD})
        pipe.send("ready")
        for code in pipe.recv():
            answer = client.post("/staff/sign-in/code/", {"code": code})
            pipe.send(answer.headers.get("Location", "refused"))


class Process:
    """One at which anna may type a code now: a fork of this process, with its own session in the database."""

    def __init__(self) -> None:
        connection.close()
        self._pipe, theirs = FORK.Pipe()
        self._running = FORK.Process(target=browse, args=[theirs])
        self._running.start()
        theirs.close()

    def wait(self) -> None:
        assert self._hear() == "ready"

    def type(self, *codes: str) -> None:
        self._codes = codes
        self._pipe.send(codes)

    def led(self) -> str:
        """Where to, or "refused"."""
        answers = [self._hear() for _ in self._codes]
        self._running.join(SECONDS_TO_WAIT)
        assert self._running.exitcode == 0
        return answers[-1]

    def _hear(self) -> str:
        assert self._pipe.poll(SECONDS_TO_WAIT)
        return str(self._pipe.recv())


@pytest.fixture
def secret(transactional_db: None) -> str:
    """Anna's authenticator app, committed."""
    with in_city("beta"):
        account = ready_account("anna", "reviewer", now=timezone.now())
        Authenticator.objects.filter(user=account).delete()
        return tie_phone(account)


def led_by(*codes: str) -> str:
    one = Process()
    one.wait()
    one.type(*codes)
    return one.led()


def write_and_remove() -> None:
    """As sign-in locks by adding an entry and removing it, and as a page is typed on while its form is sent."""
    try:
        with in_city("beta"):
            for number in range(ROUNDS):
                cache.add("a lock", True, timeout=30)
                cache.set("tries", [number], timeout=30)
                keep_typed(Citizen(ref="zhang"), "/declare/stays/", QueryDict(f"area={number}"))
                for kept in (CacheEntry, KeptForm):
                    kept.objects.all().delete()
    finally:
        connection.close()


def test_of_two_at_the_same_moment_one_takes_a_code(secret: str) -> None:
    """The code is made when both can type it: else it may be over before they do. What another removes meanwhile is no error."""
    with ThreadPoolExecutor(2) as pool:
        assert [one.result() for one in [pool.submit(write_and_remove) for _ in range(2)]] == [None, None]
    both = [Process(), Process()]
    for one in both:
        one.wait()
    code = present_code(secret)
    for one in both:
        one.type(code)
    assert sorted(one.led() for one in both) == ["/staff/", "refused"]


def test_wrong_codes_in_two_processes_count_together(secret: str) -> None:
    for _ in range(2):
        assert led_by(*["000000"] * 5) == "refused"
    assert led_by(present_code(secret)) == "refused"
    with in_city("beta"):
        CacheEntry.objects.all().delete()
    assert led_by(present_code(secret)) == "/staff/"


def test_a_code_is_refused_as_long_as_it_is_good_for(
    beta: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute on, the app shows the next code and the last one would still be accepted."""
    account = ready_account("anna", "reviewer", now=now)
    Authenticator.objects.filter(user=account).delete()
    code = present_code(tie_phone(account))
    led = []
    for seconds in (0, 45):
        monkeypatch.setattr("django.utils.timezone.now", lambda at=now + timedelta(seconds=seconds): at)
        door = Visitor(Client(headers={"host": "beta.localhost"}))
        door.post("/staff/sign-in/", {"login": "anna", "password": PASSWORD})
        led.append(door.post("/staff/sign-in/code/", {"code": code}).headers.get("Location", "refused"))
    assert led == ["/staff/", "refused"]


def test_an_entry_is_free_again_when_its_time_is_over(
    beta: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    assert cache.add("tries", [1], timeout=30)
    assert not cache.add("tries", [2], timeout=30)
    assert cache.get("tries") == [1]
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + timedelta(seconds=31))
    assert cache.get("tries") is None
    assert cache.add("tries", [3], timeout=30)
    assert cache.get("tries") == [3]
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + timedelta(seconds=62))
    cache.set("others", 1)
    assert CacheEntry.objects.count() == 1


def test_no_key_is_readable(beta: City) -> None:
    cache.set("11010519491231002X", True)
    stored = bytes(CacheEntry.objects.get().key_hash)
    assert len(stored) == 32
    assert b"11010519491231002X" not in stored
