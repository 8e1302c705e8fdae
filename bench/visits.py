"""Who looks at a city's pages, signed in, and at whose case."""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client

from bench import samples
from bench.addresses import Page
from bench.rounds import BenchFailed
from codes.gates.devices import confirm_device, enrol_device, open_device_link, propose_device
from codes.models import Case, Citizen
from portal.staff_sign_in import limits
from portal.web import citizen_session
from regions.identity import Identity
from regions.keys.encryption import encrypt_number, encrypt_phone, identity_hash
from regions.staff.accounts import add_staff
from regions.staff.enrolment import hash_of_token
from regions.staff.models import Account
from regions.staff.roles import Role, excluded_pairs
from regions.vocabulary import IdType

PHONE = "13800000000"
ADMINISTRATORS = ("bench-first", "bench-second")


class Visitors:
    """Browsers of a city's citizens and staff, signed in."""

    def __init__(self, host: str, *, now: datetime) -> None:
        self.host, self.now = host, now
        self._staff: dict[frozenset[Role], Client] = {}

    def look(self, page: Page, case: Case) -> tuple[Client, str]:
        """A browser of somebody who may see the page, and the address."""
        if page.audience.kind == "staff":
            return self._official(page.audience.roles), page.path(case)
        return (self.citizen(case.citizen_id) if page.audience.kind == "citizen" else self._browser()), page.path(case)

    def _browser(self) -> Client:
        return Client(headers={"host": self.host})

    def citizen(self, citizen_id: int) -> Client:
        """A browser in which they have signed in."""
        browser = self._browser()
        _enter(
            browser,
            lambda session: session.update({citizen_session.KEY: {"id": citizen_id, "seen": self._moment}}),
        )
        return browser

    def _official(self, roles: frozenset[Role]) -> Client:
        """One account for each set of roles, holding as many of them as one person may."""
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
        """The secret of an enrolled device."""
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
    """Open cases drawn as by lot, whose citizens have names, numbers and phones as they do in life."""
    drawn = samples.disagreements(number)
    found = list(Case.objects.filter(disagreement__in=drawn).select_related("citizen"))
    for nth, case in enumerate(found):
        _name(case.citizen, nth)
    return found


def _name(citizen: Citizen, nth: int) -> None:
    identity = Identity(IdType.RESIDENT_ID, f"{nth:018d}")
    citizen.full_name, citizen.id_hash = "张小明", identity_hash(identity)
    citizen.id_encrypted, citizen.phone_encrypted = encrypt_number(identity), encrypt_phone(PHONE)
    citizen.save()
