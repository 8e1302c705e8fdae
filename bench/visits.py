"""Browsers that visit a city's pages, signed in, and the cases they look at."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.test import Client

from bench import samples
from bench.addresses import Page
from bench.rounds import BenchFailed
from codes.gates.devices import confirm_device, enrol_device, open_device_link, propose_device
from codes.models import Case
from codes.review.appeals.policy import targets_of
from portal.citizen.appeals.forms import choices_of
from portal.staff_sign_in import limits
from portal.web.sessions import CITIZEN
from regions.identity import Identity
from regions.keys.encryption import encrypt_number, encrypt_phone
from regions.staff.accounts import add_staff
from regions.staff.enrolment import hash_of_token
from regions.staff.models import Account
from regions.staff.roles import Role, excluded_pairs
from regions.vocabulary import IdType

PHONE = "13800000000"
GIVEN_NAMES = [
    "明",
    "秀英",
    "建国",
    "丽",
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "强",
    "磊",
    "军",
    "洋",
    "勇",
    "艳",
    "杰",
    "娟",
    "涛",
    "超",
    "霞",
]
NAME_EVERYBODY = """
UPDATE codes_citizen
   SET full_name = substr('王李张刘陈杨赵黄周吴', 1 + (id %% 10)::int, 1) || (%s::text[])[1 + (id / 10 %% %s)::int],
       id_encrypted = %s, phone_encrypted = %s
"""
# One or two of three people with a case have a record that can be appealed against.
DRAWN_FOR_ONE = 3
# What a citizen fills in, page by page, without sending it.
ANSWERS = {
    "/appeal/reason/": {"reason": "not_me"},
    "/appeal/words/": {"text": "bench"},
    "/declare/to/": {"providers": ["alipay", "wechat"]},
    "/declare/symptoms/": {"has": "no"},
    "/declare/contact/": {"contact": "no"},
    "/declare/stays/": {"act": "none"},
    "/declare/arrival/": {"came": "no"},
}
ADMINISTRATORS = ("bench-first", "bench-second")


class Visitors:
    """Signed-in browsers of a city's citizens and staff."""

    def __init__(self, host: str, *, now: datetime) -> None:
        self.host, self.now = host, now
        self._staff: dict[frozenset[Role], Client] = {}
        self._citizens: dict[int, Client] = {}

    def look(self, page: Page, case: Case) -> tuple[Client, str]:
        """Return a browser of somebody who may see the page, and the address."""
        if page.audience.kind == "staff":
            return self._official(page.audience.roles), page.path(case)
        match page.audience.kind:
            case "citizen":
                return self._half_way(case), page.path(case)
            case "device":
                return self._device, page.path(case)
        return self._browser(), page.path(case)

    def _browser(self) -> Client:
        return Client(headers={"host": self.host})

    def citizen(self, citizen_id: int) -> Client:
        """Return a browser in which the citizen is signed in."""
        browser = self._browser()
        _enter(
            browser,
            lambda session: session.update({CITIZEN: {"id": citizen_id, "seen": self._moment}}),
        )
        return browser

    def _half_way(self, case: Case) -> Client:
        """Return a browser of a citizen who has filled in an appeal and a declaration up to their last pages."""
        if case.citizen_id not in self._citizens:
            browser = self._citizens[case.citizen_id] = self.citizen(case.citizen_id)
            wrong = next(one.key for one in choices_of(case.citizen) if one.target.may_appeal)
            for page, answer in ({"/appeal/": {"target": wrong}} | ANSWERS).items():
                browser.post(page, answer)
        return self._citizens[case.citizen_id]

    @cached_property
    def _device(self) -> Client:
        browser = self._browser()
        browser.cookies[settings.GATE_COOKIE_NAME] = self.gate()
        return browser

    def _official(self, roles: frozenset[Role]) -> Client:
        """Return a browser of an account with these roles, or with as many of them as one person may hold."""
        held: frozenset[Role] = frozenset()
        for role in sorted(roles or {Role.REVIEWER}):
            if not excluded_pairs({*held, role}):
                held |= {role}
        if held not in self._staff:
            username = "-".join(["bench", *sorted(held)])
            account, _ = add_staff(username=username, roles=sorted(held), by="system", now=self.now)
            account.must_change_password = False
            account.save()
            browser = self._browser()
            browser.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
            seen = {"since": self._moment, "seen": self._moment, "ready": True}
            _enter(browser, lambda session: session.update({limits.KEY: seen}))
            self._staff[held] = browser
        return self._staff[held]

    def gate(self) -> str:
        """Return the secret of a newly enrolled device."""
        for username in ADMINISTRATORS:
            if not Account.objects.filter(username=username).exists():
                add_staff(username=username, roles=[Role.SYSTEM_ADMIN], by="system", now=self.now)
        end = self.now + timedelta(days=1)
        proposed = propose_device(
            name="bench", place="bench", expires_at=end, reason="bench", by=ADMINISTRATORS[0], now=self.now
        )
        confirm_device(proposed.pk, by=ADMINISTRATORS[1], now=self.now)
        _device, token = open_device_link(proposed.pk, by=ADMINISTRATORS[1], now=self.now)
        enrolled = enrol_device(hash_of_token(token), now=self.now)
        if enrolled is None:
            raise BenchFailed("the gate's device was not enrolled")
        return enrolled[1]

    @property
    def _moment(self) -> float:
        return self.now.timestamp()


def _enter(browser: Client, change: Callable[[SessionBase], None]) -> None:
    cookie = browser.cookies.get(settings.SESSION_COOKIE_NAME)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    session = store(session_key=cookie.value if cookie else None)
    change(session)
    session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key


def cases(number: int) -> list[Case]:
    """Return open cases drawn at random, whose citizens may appeal and have realistic names, numbers and phones."""
    who = Identity(IdType.RESIDENT_ID, "110101199001010015")
    with connection.cursor() as cursor:
        cursor.execute(NAME_EVERYBODY, [GIVEN_NAMES, len(GIVEN_NAMES), encrypt_number(who), encrypt_phone(PHONE)])
    drawn = samples.disagreements(number * DRAWN_FOR_ONE)
    people = Case.objects.filter(disagreement__in=drawn).select_related("citizen")
    return [one for one in people if any(target.may_appeal for target in targets_of(one.citizen))][:number]
