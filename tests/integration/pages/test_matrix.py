"""Every address × method × role × {own, another citizen's, another city's, missing}, from the resolver and a table.

Strangers are led to the sign-in, the wrong role gets 403, a method that is none 405; what is somebody else's, in another city
or nowhere is one and the same 404.
"""

from collections.abc import Iterator

import pytest
from django.http import HttpResponseBase

from tests.integration.pages.matrix_cast import (
    CITIZEN,
    CITY_ADDRESSES,
    PUBLIC_ADDRESSES,
    STRANGER,
    Address,
    Place,
    Things,
    asked,
    may,
    whoever_may,
)
from tests.integration.pages.matrix_rows import CITY, NOTHING_THERE, PUBLIC, WORDS, Row

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ANSWERS = frozenset({200, 302, 303, 400, 409, 422, 429})
MISSING = {
    "int": 999_999_999,
    "str": "A20200101-000001",
    "number": "A20200101-000001",
    "slug": "nothing",
    "path": "batch|nothing|0|arrival",
}
POLICY = [
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "img-src 'self'",
    "manifest-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
]
HEADERS = {
    "Content-Language": "zh-hans",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Vary": "Cookie",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# Nobody in particular is in them.
CACHED = frozenset({"gate_worker", "guide_picture", "key_list", "public_figures"})
pytestmark = pytest.mark.usefixtures("no_worker")


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
    """Each role that may; an empty form is no error of the server, and every answer has the same headers."""
    faults = []
    for address, row, path in place.each():
        wanted = {404} if address.name in NOTHING_THERE else ANSWERS | row.also
        for who, visitor in place.cast.people.items():
            if not may(row, who):
                continue
            for method in row.methods:
                answer = asked(visitor, method, path)
                if answer.status_code not in wanted:
                    faults.append(f"{method} {path} as {who}: {told(answer)}")
                faults += [f"{method} {path} as {who}: {fault}" for fault in header_faults(answer, str(address.name))]
    assert faults == []


def header_faults(answer: HttpResponseBase, name: str) -> Iterator[str]:
    """What every answer says to the browser; the policy's parts stand in no order."""
    policy = sorted(part.strip() for part in answer.headers.get("Content-Security-Policy", "").split(";"))
    if policy != POLICY:
        yield f"policy {policy}"
    yield from (f"{one}: {answer.headers.get(one)}" for one, said in HEADERS.items() if answer.headers.get(one) != said)
    kept = {part.strip() for part in answer.headers.get("Cache-Control", "").split(",")}
    if not {"no-store", "private"} <= kept and name not in CACHED:
        yield f"may be kept: {kept}"


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
    """Without the number that each request has of its own."""
    headers = {name: said for name, said in answer.headers.items() if name != "X-Request-ID"}
    return getattr(answer, "content", b""), str(sorted(headers.items()))
