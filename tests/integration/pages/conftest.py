"""Fixtures of page tests: Django's test clients for hosts, signed-in visitors, and a fixed time."""

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from celery.app.task import Task
from django.db import connection
from django.test import Client
from PIL import Image
from pytest_django import Settings

from codes.models import Citizen
from codes.opening_requests import Bundle, ask_to_open
from regions.identity import Identity
from regions.keys.encryption import encrypt_number, encrypt_phone, identity_hash
from regions.models import City, RiskList
from regions.tenancy import in_city
from regions.vocabulary import IdType
from tests.integration.conftest import OpenDesk
from tests.integration.lines import ANNA, BERT
from tests.integration.pages.matrix_cast import (
    CITIZEN,
    CITY_ADDRESSES,
    PUBLIC_ADDRESSES,
    STRANGER,
    Cast,
    Place,
    abroad,
    at_home,
    everybody_at,
)
from tests.integration.pages.matrix_rows import CITY, PUBLIC
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

DOCUMENTS = {"zhang": BERT, "chen": ANNA}
PHONE = "13812345678"
PEOPLE = {"zhang": "spacetime_overlap", "chen": "arrival", "liu": "close_contact"}


@pytest.fixture
def clock(now: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Set the time of all pages to ``now``."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    return now


@pytest.fixture
def desk(opened_at_beta: OpenDesk, clock: datetime, settings: Settings, tmp_path: Path) -> Desk:
    """The city, where all are green with alipay; with wechat, zhang (an overlap) and liu (a contact) are red, chen is yellow.

    The ID numbers of zhang and chen can be decrypted.
    """
    settings.MEDIA_ROOT = tmp_path / "media"
    return opened_at_beta(PEOPLE, now=clock, then=give_documents)


def give_documents(desk: Desk) -> None:
    for name, number in DOCUMENTS.items():
        who = Identity(IdType.RESIDENT_ID, number)
        encrypted = {
            "id_hash": identity_hash(who),
            "id_encrypted": encrypt_number(who),
            "phone_encrypted": encrypt_phone(PHONE),
        }
        Citizen.objects.filter(ref=name).update(id_type=IdType.RESIDENT_ID.value, full_name=f"{name}小三", **encrypted)


@pytest.fixture
def visitor(desk: Desk) -> Callable[[str], Visitor]:
    """A function that returns a citizen's browser, signed in."""
    return lambda name: Visitor.signed_in(desk.citizen(name), now=desk.now)


@pytest.fixture
def stranger() -> Visitor:
    """A browser at beta's host, not signed in."""
    return Visitor(Client(headers={"host": "beta.localhost"}))


@pytest.fixture
def picture() -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, format="JPEG")
    return out.getvalue()


@pytest.fixture
def stranger_without_desk(beta: City) -> Visitor:
    """A browser at the host of beta as it was opened, not signed in."""
    return Visitor(Client(headers={"host": "beta.localhost"}))


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enqueue nothing."""
    monkeypatch.setattr(Task, "apply_async", lambda *args, **kwargs: None)


@pytest.fixture
def elsewhere(db: None, clock: datetime) -> dict[str, Visitor]:
    """The visitors of the other city. They are created first, because the connection can be in one city at a time only."""
    with in_city("alpha"):
        return abroad(now=clock)


@pytest.fixture
def long_keys(desk: Desk) -> None:
    """Advance all sequences, so that new primary keys have four digits, which a page might display with a separator."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND is_identity = 'YES'"
        )
        for key in cursor.fetchall():
            cursor.execute("SELECT count(nextval(pg_get_serial_sequence(%s, %s))) FROM generate_series(1, 1000)", key)


@pytest.fixture
def cast(elsewhere: dict[str, Visitor], desk: Desk, long_keys: None, picture: bytes) -> Cast:
    """Visitors of all roles, and the objects that the pages show."""
    people = {
        STRANGER: Visitor(Client(headers={"host": "beta.localhost"})),
        CITIZEN: Visitor.signed_in(desk.citizen("zhang"), now=desk.now),
        **everybody_at("beta.localhost", now=desk.now),
    }
    own, others = at_home(desk, picture)
    return Cast(people, elsewhere, own, others)


@pytest.fixture
def operators(db: None, clock: datetime) -> Cast:
    """The staff on the operator's host, and an opening that they requested."""
    people = {
        STRANGER: Visitor(Client(headers={"host": "localhost"})),
        **everybody_at("localhost", now=clock),
    }
    opening = ask_to_open(Bundle({}, {}), schema="gamma", by="system", now=clock)
    RiskList.objects.create(name="sent", entries=[], note="x", sent_by="mo", sent_at=clock)
    own = {
        "": {"name": opening.name, "schema": "alpha"},
        "guide_picture": {"name": "citizen_code"},
        "operator_risk_list": {"name": "sent"},
    }
    return Cast(people, {}, own, {})


@pytest.fixture(params=["city", "public"])
def place(request: pytest.FixtureRequest) -> Place:
    """A city's host or the operator's."""
    if request.param == "city":
        return Place(request.getfixturevalue("cast"), CITY, CITY_ADDRESSES, "/staff/sign-in/")
    return Place(request.getfixturevalue("operators"), {**CITY, **PUBLIC}, PUBLIC_ADDRESSES, "/sign-in/")
