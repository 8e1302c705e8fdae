"""Every address × method × role × {own, another citizen's, another city's, missing}, from the resolver and a table.

Strangers are led to the sign-in, the wrong role gets 403, a method that is none 405; what is somebody else's, in another city
or nowhere is one and the same 404.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import pytest
from celery.app.task import Task
from django.http import HttpResponseBase
from django.test import Client

from codes.opening_requests import Bundle, ask_to_open
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.integration.pages.matrix_cast import (
    CITIZEN,
    STRANGER,
    Address,
    Cast,
    Things,
    abroad,
    asked,
    at_home,
    everybody_at,
    read_addresses,
)
from tests.integration.pages.matrix_rows import CITY, NOTHING_THERE, PUBLIC, WORDS, Row
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ANSWERS = frozenset({200, 302, 303, 400, 409, 422, 429})
MISSING = {
    "int": 999_999_999,
    "str": "A20200101-000001",
    "number": "A20200101-000001",
    "slug": "nothing",
    "path": "batch|nothing|0|arrival",
}
CITY_ADDRESSES = tuple(read_addresses("portal.urls_city"))
PUBLIC_ADDRESSES = tuple(read_addresses("portal.urls_public"))


@pytest.fixture(autouse=True)
def _no_bells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is enqueued: there is no worker here."""
    monkeypatch.setattr(Task, "apply_async", lambda *args, **kwargs: None)


@pytest.fixture
def elsewhere(db: None, clock: datetime) -> dict[str, Visitor]:
    """Before anybody is at home: nobody is in two cities at once."""
    with in_city("alpha"):
        return abroad(now=clock)


@pytest.fixture
def cast(elsewhere: dict[str, Visitor], desk: Desk, picture: bytes) -> Cast:
    """Everybody, and their things."""
    people = {
        STRANGER: Visitor(Client(headers={"host": "beta.localhost"})),
        CITIZEN: Visitor.signed_in(desk.citizen("zhang"), now=desk.now),
        **everybody_at("beta.localhost", now=desk.now),
    }
    own, others = at_home(desk, picture)
    return Cast(people, elsewhere, own, others)


@pytest.fixture
def operators(db: None, clock: datetime) -> Cast:
    """The staff on the host of no city, and an opening they asked for."""
    people = {
        STRANGER: Visitor(Client(headers={"host": "localhost"})),
        **everybody_at("localhost", now=clock),
    }
    opening = ask_to_open(Bundle({}, {}), schema="gamma", by="m-system_admin", now=clock)
    return Cast(people, {}, {"": {"name": opening.name}, "guide_picture": {"name": "citizen_code"}}, {})


@dataclass(frozen=True)
class Place:
    """A URL configuration with what is expected of it. What has no expectation fails once, by its own test."""

    cast: Cast
    rows: dict[str, Row]
    addresses: tuple[Address, ...]
    door: str

    def each(self) -> Iterator[tuple[Address, Row, str]]:
        """Address, expectation, and the path for those who may see it."""
        for address in self.addresses:
            if row := self.rows.get(address.name):
                yield address, row, address.path(self.cast.parts(address))


@pytest.fixture(params=["city", "public"])
def place(request: pytest.FixtureRequest) -> Place:
    """A city's host, and the operator's."""
    if request.param == "city":
        return Place(request.getfixturevalue("cast"), CITY, CITY_ADDRESSES, "/staff/sign-in/")
    return Place(request.getfixturevalue("operators"), {**CITY, **PUBLIC}, PUBLIC_ADDRESSES, "/sign-in/")


def may(row: Row, who: str) -> bool:
    """Whether somebody is let in."""
    if row.who in ("anyone", "machine"):
        return row.who == "anyone"
    if row.who == "citizen" or who in (STRANGER, CITIZEN):
        return row.who == who
    return row.who == "staff" or Role(who) in row.who


def whoever_may(row: Row, people: Mapping[str, Visitor]) -> str:
    """One of those who are."""
    found: str = next(who for who in (CITIZEN, *Role, STRANGER) if who in people and may(row, who))
    return found


def refusal(row: Row, who: str, door: str) -> tuple[int, str]:
    """Status and address of what the others get."""
    if row.who == "machine":
        return 401, ""
    if row.who == "citizen":
        return 302, "/sign-in/"
    if who in (STRANGER, CITIZEN):
        return 302, door
    return 403, ""


def told(response: HttpResponseBase) -> tuple[int, str]:
    return response.status_code, response.headers.get("Location", "").partition("?")[0]


def missing_parts(address: Address, parts: Things) -> Iterator[tuple[str, Things]]:
    """The parts with one of them naming nothing."""
    for part, kind in address.parts.items():
        if part not in WORDS:
            yield part, {**parts, part: MISSING[kind]}


@pytest.mark.parametrize(
    ("addresses", "rows"), [(CITY_ADDRESSES, CITY), (PUBLIC_ADDRESSES, {**CITY, **PUBLIC})], ids=["city", "public"]
)
def test_every_address_has_an_expectation(addresses: tuple[Address, ...], rows: dict[str, Row]) -> None:
    assert [f"{one.route} ({one.name})" for one in addresses if one.name not in rows] == []


def test_no_expectation_is_about_nothing() -> None:
    names = {address.name for address in (*CITY_ADDRESSES, *PUBLIC_ADDRESSES)}
    assert sorted({*CITY, *PUBLIC} - names) == []


def test_strangers_and_wrong_roles_are_kept_out(place: Place) -> None:
    """Each role at each address by each of its methods."""
    faults = []
    for _address, row, path in place.each():
        for who, visitor in place.cast.people.items():
            if may(row, who):
                continue
            for method in row.methods:
                got, wanted = told(asked(visitor, method, path)), refusal(row, who, place.door)
                if got != wanted and not (row.who == "machine" and got[0] in (401, 403)):
                    faults.append(f"{method} {path} as {who}: {got}, not {wanted}")
    assert faults == []


def test_those_who_may_are_answered(place: Place) -> None:
    """Each role that may; an empty form is no error of the server."""
    faults = []
    for address, row, path in place.each():
        wanted = {404} if address.name in NOTHING_THERE else ANSWERS | row.also
        for who, visitor in place.cast.people.items():
            if not may(row, who):
                continue
            for method in row.methods:
                got = told(asked(visitor, method, path))
                if got[0] not in wanted:
                    faults.append(f"{method} {path} as {who}: {got}")
    assert faults == []


def test_other_methods_are_not_allowed(place: Place) -> None:
    faults = []
    people = place.cast.people
    for _address, row, path in place.each():
        who = STRANGER if row.who == "machine" else whoever_may(row, people)
        wanted = {405, 401, 403} if row.who == "machine" else {405}
        answers = [(method, told(asked(people[who], method, path))) for method in METHODS if method not in row.methods]
        faults += [f"{method} {path} as {who}: {got}" for method, got in answers if got[0] not in wanted]
    assert faults == []


def test_foreign_and_missing_are_one_404(place: Place) -> None:
    """Another citizen's thing, the same thing asked for in another city, and nothing at all: status, headers and bytes."""
    faults = []
    cast = place.cast
    for address, row, _path in place.each():
        if row.who in ("anyone", "machine"):
            continue
        parts, who = cast.parts(address), whoever_may(row, cast.people)
        here, there = cast.people[who], cast.abroad.get(who, cast.people[who])
        for part, nowhere in missing_parts(address, parts):
            asks = [(here, nowhere), (there, nowhere), (there, parts if cast.abroad else nowhere)]
            if row.who == "citizen" and part in cast.others:
                asks.append((here, {**parts, part: cast.others[part]}))
            for method in row.methods:
                answers = [asked(visitor, method, address.path(things)) for visitor, things in asks]
                seen = {_all_of(answer) for answer in answers[:1] + answers[3:]}, {_all_of(a) for a in answers[1:3]}
                if any(answer.status_code != 404 for answer in answers) or any(len(one) != 1 for one in seen):
                    statuses = [answer.status_code for answer in answers]
                    faults.append(f"{method} {address.route} with another {part} as {who}: {statuses}")
    assert faults == []


def _all_of(answer: HttpResponseBase) -> tuple[bytes, str]:
    return getattr(answer, "content", b""), str(sorted(answer.headers.items()))
