"""The size of request bodies is limited before they are read, and no form accepts NUL characters."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from portal.official.rule_sets.forms import number
from portal.web.bodies import FILE_BYTES, FORM_BYTES, LIMIT, MIB, limit_of
from regions.models import City
from regions.staff.roles import Role
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk


class Unread:
    """A body that nobody may touch."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def announce(client: Client, path: str, length: object) -> HttpResponse:
    """POST with the header of a large body, and a body that must not be read."""
    return client.generic(
        "POST",
        path,
        **{"CONTENT_LENGTH": str(length), "CONTENT_TYPE": "multipart/form-data; boundary=x", "wsgi.input": Unread()},  # type: ignore[arg-type]
    )  # type: ignore[return-value]


@pytest.fixture
def zhang(desk: Desk) -> Visitor:
    return Visitor.signed_in(desk.citizen("zhang"), now=desk.now)


@pytest.mark.parametrize("length", [FORM_BYTES + 1, 200 * MIB, "1" * 30, "1" * 5000, "-5", "²"])
def test_of_a_stranger_nothing_large_is_read(beta: City, length: object) -> None:
    stranger = Client(headers={"host": "beta.localhost"})
    for path in ("/sign-in/", "/appeal/evidence/", "/staff/sign-in/", "/staff/reports/verify/"):
        assert announce(stranger, path, length).status_code == 413
    assert announce(stranger, "/api/v1/entries", length).status_code == 401


def test_whoever_is_signed_in_sends_files_to_the_pages_for_them(zhang: Visitor) -> None:
    assert announce(zhang.client, "/check-in/", FORM_BYTES + 1).status_code == 413
    too_much = announce(zhang.client, "/appeal/evidence/", FILE_BYTES + 1)
    assert too_much.status_code == 413
    assert f"{FILE_BYTES // MIB} MB" in too_much.content.decode()
    with pytest.raises(AssertionError, match="the body was read"):
        announce(zhang.client, "/appeal/evidence/", FILE_BYTES)


def larger_views(patterns: list[Any]) -> Iterator[tuple[str, int]]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from larger_views(one.url_patterns)
        elif isinstance(one, URLPattern) and hasattr(one.callback, LIMIT):
            yield str(one.name), getattr(one.callback, LIMIT)


def test_the_pages_that_take_more_than_text_are_these() -> None:
    found = dict(larger_views(get_resolver("portal.urls_city").url_patterns))
    assert found == {
        "citizen_appeal_evidence": FILE_BYTES,
        "citizen_answer": FILE_BYTES,
        "citizen_family_proof": FILE_BYTES,
        "official_case_decide": FILE_BYTES,
        "official_suppress": FILE_BYTES,
        "official_rule_set_upload": FILE_BYTES,
        "auditor_verify": 512 * MIB,
        "api_entries": 16 * MIB,
    }
    assert not list(larger_views(get_resolver("portal.urls_public").url_patterns))


@pytest.mark.parametrize(
    ("path", "stranger", "limit"),
    [
        ("/appeal/evidence/", False, FILE_BYTES),
        ("/appeal/evidence/", True, FORM_BYTES),
        ("/nowhere/", False, FORM_BYTES),
        ("/api/v1/entries", False, 16 * MIB),
    ],
)
def test_the_server_knows_the_limit_by_the_address(path: str, stranger: bool, limit: int) -> None:
    assert limit_of(path, stranger=stranger) == limit


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/sign-in/", {"number": "110\x00"}),
        ("/appeal/reason/", {"reason": "\x00"}),
        ("/appeal/words/", {"text": "a\x00b", "more": "c"}),
        ("/declare/contact/", {"contact\x00": "no"}),
        ("/display/language/", {"language": "en\x00", "next": "/"}),
        ("/staff/sign-in/", {"login": "li\x00", "password": "x"}),
    ],
)
def test_no_form_brings_a_nul(zhang: Visitor, path: str, sent: dict[str, str]) -> None:
    refused = zhang.client.post(path, sent)
    assert refused.status_code == 400
    assert "NUL" in refused.content.decode()


@pytest.mark.parametrize("key", ["\\000" + "a" * 31, "a" * 31 + "\\000", "é" * 32])
def test_nor_a_cookie(beta: City, settings: Settings, key: str) -> None:
    """Cookies may write any character by its number; a session's key is letters and digits."""
    stranger = Client(headers={"host": "beta.localhost", "cookie": f'{settings.SESSION_COOKIE_NAME}="{key}"'})
    for path in ("/", "/sign-in/", "/staff/sign-in/"):
        assert stranger.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/appeal/evidence/", "/declare/stays/"])
def test_a_number_of_any_length_is_no_fault_of_the_server(zhang: Visitor, path: str) -> None:
    """Python turns no text of more than 4,300 digits into a number."""
    assert zhang.client.post(path, {"act": f"drop-{'9' * 5000}"}).status_code in (200, 302, 404)
    assert number("9" * 5000) == "9" * 5000


def test_nor_does_a_form_of_officials(desk: Desk, now: datetime) -> None:
    at_work = Visitor.at_work(Role.REVIEWER, now=desk.now, username="qian")
    number = desk.case().number
    for path, sent in (
        (f"/staff/cases/{number}/take/", {"assignee": "\x00"}),
        (f"/staff/cases/{number}/reveal/", {"purpose": "核实\x00"}),
        ("/staff/queue/assign/", {"case": [number, "\x00"]}),
    ):
        assert at_work.client.post(path, sent).status_code == 400
