"""Sign-in of citizens: two pages, which do not reveal whether a number is registered."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from codes.citizens.sign_in import GatewayRefused
from codes.models import SignInCode
from portal.citizen.sign_in import tasks
from portal.web.sessions import CITIZEN
from regions.journal.models import JournalEntry
from regions.models import City
from regions.staff.models import Session
from tests.integration.lines import ANNA, BERT, declaration, take
from tests.integration.pages.people import Visitor

KNOWN, UNKNOWN = {"id_type": "10", "id_number": ANNA}, {"id_type": "10", "id_number": BERT}


class Pocket:
    """The phone in Anna's pocket."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []
        self.is_off = False

    def send(self, *, phone: str, text: str) -> None:
        if self.is_off:
            raise GatewayRefused("off")
        self.received.append((phone, text))

    @property
    def code(self) -> str:
        return re.search(r"\d{6}", self.received[-1][1])[0]  # type: ignore[index]


@pytest.fixture
def enqueued() -> list[tuple[str, int]]:
    return []


@pytest.fixture
def phone(alpha: City, clock: datetime, monkeypatch: pytest.MonkeyPatch, enqueued: list[tuple[str, int]]) -> Pocket:
    """Anna is known to alpha with a phone; nobody is known as Bert. The task runs when the test says so."""
    pocket = Pocket()
    take(declaration(submitted_at="2026-11-20T08:00:00+08:00"), now=clock)
    monkeypatch.setattr(tasks, "gateway", lambda: pocket)
    monkeypatch.setattr(
        "portal.citizen.sign_in.views.enqueue_delivery", lambda schema, key: enqueued.append((schema, key))
    )
    return pocket


@pytest.fixture
def browser(phone: Pocket) -> Visitor:
    return Visitor(Client(headers={"host": "alpha.localhost"}))


def deliver(enqueued: list[tuple[str, int]], now: datetime) -> None:
    """What the worker does."""
    for _schema, key in enqueued:
        tasks._deliver(key, now=now)


def test_number_code_and_in(browser: Visitor, phone: Pocket, enqueued: list[tuple[str, int]], now: datetime) -> None:
    assert browser.post("/sign-in/?next=/data/", KNOWN).headers["Location"] == "/sign-in/code/"
    deliver(enqueued, now)
    assert phone.received[0][0] == "13800000000"
    answer = browser.post("/sign-in/code/", {"code": phone.code})
    assert answer.headers["Location"] == "/data/"
    assert "安*" in browser.read("/data/")
    assert JournalEntry.objects.filter(verb="citizen.signed_in").count() == 1


def wide(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) for one in text)


@pytest.mark.parametrize("number", [wide(ANNA), ANNA.lower(), f"{ANNA[:6]} {ANNA[6:14]}\u3000{ANNA[14:]}"])
@pytest.mark.parametrize("spaced", [False, True])
def test_numbers_and_codes_are_taken_however_they_are_typed(
    browser: Visitor, phone: Pocket, enqueued: list[tuple[str, int]], now: datetime, number: str, spaced: bool
) -> None:
    browser.post("/sign-in/", {"id_type": "10", "id_number": number})
    deliver(enqueued, now)
    code = f"{phone.code[:3]} {phone.code[3:]}" if spaced else wide(phone.code)
    assert browser.post("/sign-in/code/", {"code": code}).headers["Location"] == "/code/"


def test_known_and_unknown_look_the_same(browser: Visitor, enqueued: list[tuple[str, int]], now: datetime) -> None:
    answers = []
    for who in (KNOWN, UNKNOWN):
        asked = browser.post("/sign-in/", who)
        page = browser.get("/sign-in/code/")
        wrong = browser.post("/sign-in/code/", {"code": "000000"})
        answers.append(
            [(one.status_code, _bare(one.content), one.headers.get("Location")) for one in (asked, page, wrong)]
        )
    assert answers[0] == answers[1]
    assert len(enqueued) == 2


def test_an_unknown_number_sends_nothing(
    browser: Visitor, phone: Pocket, enqueued: list[tuple[str, int]], now: datetime
) -> None:
    browser.post("/sign-in/", UNKNOWN)
    deliver(enqueued, now)
    assert phone.received == []


def test_asking_again_at_once_is_told_to_wait_known_or_not(browser: Visitor) -> None:
    answers = []
    for who in (KNOWN, UNKNOWN):
        browser.post("/sign-in/", who)
        answers.append(browser.post("/sign-in/again/"))
        answers.append(browser.post("/sign-in/", who))
    assert {one.status_code for one in answers} == {429}
    pages = [one.content.decode() for one in answers]
    assert all(re.search(r"获取验证码过于频繁，请于[0-9年月日: ]+再试（1分钟后）", page) for page in pages)
    assert all("咨询" in page or "服务点" in page or "社区" in page for page in pages), "no other way is named"
    assert all(0 < int(one.headers["Retry-After"]) <= 60 for one in answers)


def test_five_wrong_codes_end_it(
    browser: Visitor, phone: Pocket, enqueued: list[tuple[str, int]], now: datetime
) -> None:
    browser.post("/sign-in/", KNOWN)
    deliver(enqueued, now)
    wrong = "000000" if phone.code != "000000" else "111111"
    told = [browser.post("/sign-in/code/", {"code": code}) for code in (*[wrong] * 5, phone.code)]
    assert {one.status_code for one in told} == {200}
    pages = [one.content.decode() for one in told]
    assert ["验证码不正确或已过期" in page for page in pages] == [True] * 4 + [False] * 2
    assert ["已输错五次。请重新发送" in page for page in pages] == [False] * 4 + [True] * 2


def test_whoever_knows_the_number_cannot_keep_its_owner_out(
    browser: Visitor, phone: Pocket, enqueued: list[tuple[str, int]], now: datetime
) -> None:
    browser.post("/sign-in/", KNOWN)
    deliver(enqueued, now)
    code = phone.code
    attacker = Visitor(Client(headers={"host": "alpha.localhost"}, REMOTE_ADDR="10.9.9.9"))
    assert attacker.post("/sign-in/", KNOWN).status_code == 302
    for _ in range(6):
        attacker.post("/sign-in/code/", {"code": "000000" if code != "000000" else "111111"})
    # Not even with the owner's code: it belongs to the browser that asked.
    assert attacker.post("/sign-in/code/", {"code": code}).status_code == 200
    answer = browser.post("/sign-in/code/", {"code": code})
    assert answer.headers["Location"] == "/code/"
    assert answer.cookies["browser"]["httponly"]
    browser.client.cookies["browser"] = "made-up"
    assert browser.get("/sign-in/code/").headers["Location"] == "/sign-in/"


@pytest.mark.parametrize(
    ("number", "told"), [("123", "身份证号码应为18位"), ("510104199003078034", "号码有误（校验位不符）"), ("", "必填")]
)
def test_a_number_nobody_can_have_is_told_before_anything_is_sent(
    browser: Visitor, enqueued: list[Any], number: str, told: str
) -> None:
    page = browser.post("/sign-in/", {"id_type": "10", "id_number": number}).content.decode()
    assert told in page
    assert enqueued == []


def test_the_number_lies_nowhere_in_the_clear(
    browser: Visitor, enqueued: list[tuple[str, int]], caplog: pytest.LogCaptureFixture
) -> None:
    browser.post("/sign-in/", KNOWN)
    held = browser.client.session["signing_in"]
    assert ANNA not in str(held)
    assert ANNA not in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_data FROM django_session")
        assert all(ANNA not in row[0] for row in cursor.fetchall())


def test_the_code_page_without_a_number_leads_back(browser: Visitor) -> None:
    assert browser.get("/sign-in/code/").headers["Location"] == "/sign-in/"
    assert browser.post("/sign-in/again/").headers["Location"] == "/sign-in/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere(
    browser: Visitor, phone: Pocket, enqueued: list[tuple[str, int]], now: datetime, elsewhere: str
) -> None:
    browser.post("/sign-in/", {**KNOWN, "next": elsewhere})
    deliver(enqueued, now)
    assert browser.post("/sign-in/code/", {"code": phone.code}).headers["Location"] == "/code/"


def test_signing_in_begins_a_fresh_session(
    browser: Visitor, phone: Pocket, enqueued: list[tuple[str, int]], now: datetime
) -> None:
    browser.post("/sign-in/", KNOWN)
    before = browser.client.session.session_key
    deliver(enqueued, now)
    browser.post("/sign-in/code/", {"code": phone.code})
    assert browser.client.session.session_key != before
    assert set(browser.client.session.keys()) == {CITIZEN, "_session_expiry"}
    assert Session.objects.get().citizen_id == browser.client.session[CITIZEN]["id"]
    browser.post("/sign-out/")
    assert not Session.objects.exists()
    assert browser.get("/code/").headers["Location"].startswith("/sign-in/")


def test_a_phone_that_is_off_gets_it_with_the_next_sweep(
    browser: Visitor, phone: Pocket, enqueued: list[tuple[str, int]], now: datetime
) -> None:
    phone.is_off = True
    browser.post("/sign-in/", KNOWN)
    deliver(enqueued, now)
    assert SignInCode.objects.get().code_sealed is not None
    phone.is_off = False
    deliver(enqueued, now)
    assert len(phone.received) == 1
    deliver(enqueued, now)
    assert len(phone.received) == 1


def _bare(content: bytes) -> bytes:
    """Without what differs from one showing of a form to the next."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", content)
