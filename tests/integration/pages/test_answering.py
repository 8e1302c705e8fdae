"""An address of programs is refused by a problem, not by a page, whoever refuses it."""

import json

import pytest
from django.db import InternalError
from django.http import HttpResponse
from django.test import Client
from psycopg2.errors import ReadOnlySqlTransaction

from portal.web.bodies import FORM_BYTES
from regions.closed import ASK_AGAIN_SECONDS
from regions.models import City
from regions.refusals import MovedMeanwhile

PROBLEM = "application/problem+json"


@pytest.fixture
def program(beta: City) -> Client:
    return Client(headers={"host": "beta.localhost"}, enforce_csrf_checks=True, raise_request_exception=False)


def told(response: HttpResponse) -> tuple[int, str, str]:
    body = json.loads(response.content)
    assert body["status"] == response.status_code
    return response.status_code, response.headers["Content-Type"], body["code"]


def moved(**_now: object) -> None:
    raise MovedMeanwhile


def writes_while_closed(**_now: object) -> None:
    raise InternalError from ReadOnlySqlTransaction()


@pytest.mark.parametrize(
    "path",
    ["/.well-known/nothing", "/.well-known/health-code-keys.json/x", "/gate/check/x", "/gate/scans/\x00", "/api/v0/"],
)
def test_an_unknown_address_of_programs(program: Client, path: str) -> None:
    assert told(program.get(path)) == (404, PROBLEM, "no_such_address")  # type: ignore[arg-type]


def test_a_page_stays_a_page(program: Client) -> None:
    for path in ("/gate/nothing/", "/well-known/", "/gate/document/x"):
        assert program.get(path).headers["Content-Type"].startswith("text/html"), path


def test_other_refusals_are_problems_too(program: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_method = program.options("/.well-known/health-code-keys.json")
    assert told(wrong_method) == (405, PROBLEM, "method_not_allowed")  # type: ignore[arg-type]
    assert "GET" in wrong_method.headers["Allow"]
    assert told(program.post("/gate/check/", {"text": "x"})) == (403, PROBLEM, "not_accepted")  # type: ignore[arg-type]
    assert told(program.get("/gate/neighbours.json")) == (401, PROBLEM, "not_enrolled")  # type: ignore[arg-type]
    large = program.post("/gate/check/", {"text": "x"}, CONTENT_LENGTH=str(FORM_BYTES + 1))
    assert told(large) == (413, PROBLEM, "too_large")  # type: ignore[arg-type]
    address = "/.well-known/health-code-keys.json"
    monkeypatch.setattr("portal.web.key_list.signed_key_list", moved)
    assert told(program.get(address)) == (409, PROBLEM, "moved_meanwhile")  # type: ignore[arg-type]
    monkeypatch.setattr("portal.web.key_list.signed_key_list", writes_while_closed)
    closed = program.get(address)
    assert told(closed) == (503, PROBLEM, "closed")  # type: ignore[arg-type]
    assert closed.headers["Retry-After"] == str(ASK_AGAIN_SECONDS)
    assert str(ASK_AGAIN_SECONDS) in closed.json()["detail"]
    monkeypatch.setattr("portal.web.key_list.signed_key_list", lambda **_now: 1 / 0)
    assert told(program.get("/.well-known/health-code-keys.json")) == (500, PROBLEM, "failed")  # type: ignore[arg-type]
