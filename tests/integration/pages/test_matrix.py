"""Every address × method × role × {own, another citizen's, another city's, missing}, from the resolver and a table.

Strangers are led to the sign-in, the wrong role gets 403, a method that is none 405; what is somebody else's, in another city
or nowhere is one and the same 404.
"""

from collections.abc import Iterator
from datetime import datetime

import pytest
from celery.app.task import Task
from django.http import HttpResponseBase
from django.test import Client

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
# What has no expectation fails once, by its own test.
EXPECTED = tuple(address for address in CITY_ADDRESSES if address.name in CITY)
PUBLIC_ADDRESSES = tuple(read_addresses("portal.urls_public"))


@pytest.fixture(autouse=True)
def _no_bells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody rings: there is no worker here."""
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


def may(row: Row, who: str) -> bool:
    """Whether somebody is let in."""
    if row.who in ("anyone", "machine"):
        return row.who == "anyone"
    if row.who == "citizen" or who in (STRANGER, CITIZEN):
        return row.who == who
    return row.who == "staff" or Role(who) in row.who


def whoever_may(row: Row) -> str:
    """One of those who are."""
    return next(who for who in (CITIZEN, *Role, STRANGER) if may(row, who))


def refusal(row: Row, who: str) -> tuple[int, str]:
    """Status and address of what the others get."""
    if row.who == "machine":
        return 401, ""
    if row.who == "citizen":
        return 302, "/sign-in/"
    if who in (STRANGER, CITIZEN):
        return 302, "/staff/sign-in/"
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


def test_strangers_and_wrong_roles_are_kept_out(cast: Cast) -> None:
    """Each role at each address by each of its methods."""
    faults = []
    for address in EXPECTED:
        row, path = CITY[address.name], address.path(cast.parts(address))
        for who, visitor in cast.people.items():
            if may(row, who):
                continue
            for method in row.methods:
                got, wanted = told(asked(visitor, method, path)), refusal(row, who)
                if got != wanted and not (row.who == "machine" and got[0] in (401, 403)):
                    faults.append(f"{method} {path} as {who}: {got}, not {wanted}")
    assert faults == []


def test_those_who_may_are_answered(cast: Cast) -> None:
    """Each role that may; an empty form is no error of the server."""
    faults = []
    for address in EXPECTED:
        row, path = CITY[address.name], address.path(cast.parts(address))
        wanted = {404} if address.name in NOTHING_THERE else ANSWERS | row.also
        for who, visitor in cast.people.items():
            if not may(row, who):
                continue
            for method in row.methods:
                got = told(asked(visitor, method, path))
                if got[0] not in wanted:
                    faults.append(f"{method} {path} as {who}: {got}")
    assert faults == []


def test_other_methods_are_not_allowed(cast: Cast) -> None:
    faults = []
    for address in EXPECTED:
        row, path = CITY[address.name], address.path(cast.parts(address))
        who = STRANGER if row.who == "machine" else whoever_may(row)
        wanted = {405, 401, 403} if row.who == "machine" else {405}
        answers = [
            (method, told(asked(cast.people[who], method, path))) for method in METHODS if method not in row.methods
        ]
        faults += [f"{method} {path} as {who}: {got}" for method, got in answers if got[0] not in wanted]
    assert faults == []


def test_foreign_and_missing_are_one_404(cast: Cast) -> None:
    """Another citizen's thing, the same thing asked for in another city, and nothing at all: status, headers and bytes."""
    faults = []
    for address in EXPECTED:
        row, parts = CITY[address.name], cast.parts(address)
        if row.who in ("anyone", "machine"):
            continue
        who = whoever_may(row)
        here, there = cast.people[who], cast.abroad[who]
        for part, nowhere in missing_parts(address, parts):
            asks = [(here, nowhere), (there, nowhere), (there, parts)]
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
