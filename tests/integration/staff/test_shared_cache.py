"""Used one-time codes and rate limits count for all web processes; tried with processes of their own."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from regions.models import City
from regions.staff.models import CacheEntry
from regions.tenancy import in_city
from tests.integration.pages.people import PASSWORD, Visitor, present_code, ready_account, tie_phone
from tests.own_database import database_urls

CHECKOUT = Path(__file__).parents[3]
# A web process that signs "anna" in as far as the code, types the given codes, and prints where the last one leads.
BROWSER = f"""
import sys, django
django.setup()
from django.conf import settings
from django.test import Client
settings.PASSWORD_HASHERS = ["tests.quick_hasher.QuickHasher"]
client = Client(headers={{"host": "beta.localhost"}})
client.post("/staff/sign-in/", {{"login": "anna", "password": {PASSWORD!r}}})
for code in sys.argv[1:]:
    answer = client.post("/staff/sign-in/code/", {{"code": code}})
print(answer.headers.get("Location", "refused"))
"""


def process(*codes: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, **database_urls(), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return subprocess.Popen(
        [sys.executable, "-c", BROWSER, *codes], cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def secret(transactional_db: None) -> str:
    """Anna's authenticator app, committed."""
    with in_city("beta"):
        account = ready_account("anna", "reviewer", now=timezone.now())
        Authenticator.objects.filter(user=account).delete()
        return tie_phone(account)


def test_of_two_processes_one_takes_a_code(secret: str) -> None:
    code = present_code(secret)
    both = [process(code), process(code)]
    assert sorted(one.communicate()[0].strip() for one in both) == ["/staff/", "refused"]


def test_wrong_codes_in_two_processes_count_together(secret: str) -> None:
    for _ in range(2):
        assert process(*["000000"] * 5).communicate()[0].strip() == "refused"
    assert process(present_code(secret)).communicate()[0].strip() == "refused"
    with in_city("beta"):
        CacheEntry.objects.all().delete()
    assert process(present_code(secret)).communicate()[0].strip() == "/staff/"


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
