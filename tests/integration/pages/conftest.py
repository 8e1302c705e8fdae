"""Browsers without a browser: a client per host, somebody signed in at it, and a clock that stands still."""

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image
from pytest_django import Settings

from codes.models import Citizen
from regions.identity import Identity
from regions.keys.encryption import encrypt_number, encrypt_phone, identity_hash
from regions.models import City
from regions.vocabulary import IdType
from tests.integration.lines import ANNA, BERT
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk, open_desk

DOCUMENTS = {"zhang": BERT, "chen": ANNA}
PHONE = "13812345678"
PEOPLE = {"zhang": "spacetime_overlap", "chen": "arrival", "liu": "close_contact"}


@pytest.fixture(autouse=True)
def _counts_begin_anew() -> None:
    """Rate limits are counted in the cache, which no rollback empties."""
    cache.clear()


@pytest.fixture
def clock(now: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Every page believes that it is this moment."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    return now


@pytest.fixture
def desk(bare_city: City, clock: datetime, settings: Settings, tmp_path: Path) -> Desk:
    """zhang is red with wechat for an overlap, chen yellow for an arrival, liu red as a contact; green with alipay.

    zhang and chen have documents that can be opened.
    """
    settings.MEDIA_ROOT = tmp_path / "media"
    opened = open_desk(PEOPLE, now=clock)
    for name, number in DOCUMENTS.items():
        who = Identity(IdType.RESIDENT_ID, number)
        encrypted = {
            "id_hash": identity_hash(who),
            "id_encrypted": encrypt_number(who),
            "phone_encrypted": encrypt_phone(PHONE),
        }
        Citizen.objects.filter(ref=name).update(id_type=IdType.RESIDENT_ID.value, full_name=f"{name}小三", **encrypted)
    return opened


@pytest.fixture
def visitor(desk: Desk) -> Callable[[str], Visitor]:
    """A person's browser, signed in at their city."""
    return lambda name: Visitor.signed_in(desk.citizen(name), now=desk.now)


@pytest.fixture
def stranger() -> Visitor:
    """A browser at beta's host, signed in as nobody."""
    return Visitor(Client(headers={"host": "beta.localhost"}))


@pytest.fixture
def picture() -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, format="JPEG")
    return out.getvalue()


@pytest.fixture
def stranger_without_desk(beta: City) -> Visitor:
    """The same before anything has happened in the city."""
    return Visitor(Client(headers={"host": "beta.localhost"}))
