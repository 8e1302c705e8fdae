"""Log lines in production: what they contain about a request and a task, and that they identify nobody."""

import json
import logging
from collections.abc import Iterator
from copy import deepcopy
from logging.config import dictConfig
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as configured
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from portal import urls_city
from portal.observability.logs import JsonFormatter
from portal.observability.requests import HEADER
from regions.models import City
from regions.staff.models import Account
from tests.integration.lines import ANNA
from tests.integration.pages.conftest import PHONE

NAME = "canary小三"
# As it is, and as an address and Django's own lines spell it.
CANARIES = (NAME, ANNA, PHONE, quote(NAME), NAME.encode("unicode_escape").decode())
GIVEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is written during the test, by everybody, from DEBUG on."""
    written: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(self.format(record)))

    keep = Keep()
    keep.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(keep)
    root.setLevel(level)


def assert_nobody_is_in(lines: list[dict[str, Any]]) -> None:
    text = json.dumps(lines, ensure_ascii=False)
    assert lines
    assert [canary for canary in CANARIES if canary in text] == []


def fails_in_a_view(request: HttpRequest, whom: str) -> HttpResponse:
    """As a view does that meets an error of the database, whose words quote the row, and says who it is about."""
    try:
        with transaction.atomic():
            Account.objects.create(username=NAME, email=f"{PHONE}@example.cn", password="!")
    except IntegrityError as error:
        raise ValueError(f"{NAME} {ANNA} {PHONE}") from error
    return HttpResponse("nothing was refused")


# A city's addresses with one that fails.
urlpatterns = [path("fails/<str:whom>/", fails_in_a_view, name="fails"), *urls_city.urlpatterns]
handler404, handler500 = urls_city.handler404, urls_city.handler500


def test_a_request_says_what_was_asked_and_how_it_went(db: None, lines: list[dict[str, Any]]) -> None:
    answer = Client(headers={"host": "beta.localhost"}).get(f"/places/?q={NAME}")
    [line] = [one for one in lines if one["logger"] == "portal.observability.requests"]
    assert line["request"] == answer.headers[HEADER]
    assert (line["view"], line["method"], line["status"], line["city"]) == ("places", "GET", 404, "beta")
    assert line["milliseconds"] > 0
    assert {"time", "level", "logger", "message"} <= line.keys()
    assert_nobody_is_in(lines)


@pytest.mark.parametrize(
    ("proxies", "given", "is_taken"),
    [
        pytest.param(1, GIVEN, True, id="of-the-proxy"),
        pytest.param(0, GIVEN, False, id="nobody-is-trusted"),
        pytest.param(1, ANNA, False, id="somebodys-number"),
        pytest.param(1, f"{GIVEN}\n{NAME}", False, id="more-than-an-id"),
    ],
)
def test_an_id_is_the_proxys_or_made_here(
    db: None, monkeypatch: pytest.MonkeyPatch, proxies: int, given: str, is_taken: bool
) -> None:
    monkeypatch.setattr("django.conf.settings.TRUSTED_PROXIES", proxies)
    answer = Client(headers={"host": "beta.localhost"}).get("/", headers={HEADER: given.encode().decode("latin-1")})
    assert (answer.headers[HEADER] == given) is is_taken
    assert len(answer.headers[HEADER]) == 32


def test_an_error_says_where_and_not_about_whom(beta: City, settings: Settings, lines: list[dict[str, Any]]) -> None:
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False, headers={"host": "beta.localhost"})
    assert client.get(f"/fails/{NAME}/?phone={PHONE}").status_code == 500
    [line] = [one for one in lines if one["logger"] == "django.request"]
    assert line["message"] == "Internal Server Error: fails"
    assert [one["type"] for one in line["exception"]][-2:] == ["IntegrityError[23502]", "ValueError"]
    assert "fails_in_a_view" in line["exception"][-1]["frames"][-1]
    assert (line["view"], line["city"]) == ("fails", "beta")
    assert_nobody_is_in(lines)


def test_what_nobody_answers_is_not_repeated(db: None, lines: list[dict[str, Any]]) -> None:
    client = Client(headers={"host": "beta.localhost"})
    for address in (f"/{NAME}/{ANNA}/", f"/{PHONE}?name={NAME}", f"/staff/cases/{NAME}/", "/api/v1/" + ANNA):
        client.get(address)
    client.get("/", headers={"host": f"{ANNA}.example.org"})
    client.post("/sign-in/", {"id_type": "10", "id_number": ANNA, "name": NAME})
    assert "Not Found: (no view)" in {one["message"] for one in lines}
    assert_nobody_is_in(lines)


def test_numbers_are_masked_wherever_they_come_from(lines: list[dict[str, Any]]) -> None:
    logging.getLogger("any.library").warning("sent %s to +86%s, not to %s", ANNA, PHONE, "run 12345678901234")
    assert lines[0]["message"] == "sent [number] to [number], not to run 12345678901234"


def test_what_a_library_hangs_on_a_line_is_left_out(lines: list[dict[str, Any]]) -> None:
    """As Celery does with the arguments of a task that failed, and what the exception said."""
    context = {"name": "codes.sweep", "id": "7", "exc": f"ValueError('{NAME}')", "args": f"('{NAME}',)"}
    logging.getLogger("celery").error("Task %(name)s[%(id)s]: %(exc)s", context, extra={"data": context})
    assert lines[0]["message"] == "Task codes.sweep[7]: ValueError"
    assert_nobody_is_in(lines)


def test_an_exception_in_the_place_of_words_is_its_type(lines: list[dict[str, Any]]) -> None:
    logging.getLogger("any").warning("not sent: %s", ValueError(NAME))
    logging.getLogger("any").warning(ValueError(NAME))
    assert [one["message"] for one in lines] == ["not sent: ValueError", "ValueError"]


def test_words_of_an_exception_that_a_message_repeats_are_its_type(lines: list[dict[str, Any]]) -> None:
    try:
        raise ValueError(f"{NAME} is not {PHONE}")
    except ValueError as error:
        logging.getLogger("any").exception("not sent, %s", str(error))
    assert lines[0]["message"] == "not sent, ValueError"
    assert_nobody_is_in(lines)


def test_production_writes_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The settings name the formatter; while debugging lines are for people."""
    logging_of_production: Any = deepcopy(configured.LOGGING)
    assert logging_of_production["handlers"]["console"]["formatter"] == "line"
    logging_of_production["handlers"]["console"]["formatter"] = "json"
    dictConfig(logging_of_production)
    logging.getLogger("any").warning("here")
    dictConfig(configured.LOGGING)
    assert json.loads(capsys.readouterr().err)["message"] == "here"
