"""A small city that is really there: committed in a database of its own, judged by a real run, served to a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.core.cache import cache

from portal.celery import app
from portal.demo.mail_box import messages_of
from regions.sources.connectors.guard import AllowList
from regions.staff.models import Account
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.conftest import empty_city
from tests.integration.engine.keys import Keys
from tests.integration.pages.people import PASSWORD, present_code, tie_phone
from tests.integration.review.desk import Desk, hire, open_desk
from tests.journeys.cast import PEOPLE, RULE_SET, Citizens, dress
from tests.journeys.clock import Clock
from tests.journeys.server import serving
from tests.own_database import own_copy

CITY = "beta"
OPERATOR, SECOND_OPERATOR = "mo", "su"
BEGINS = datetime(2026, 11, 24, 2, tzinfo=UTC)


@dataclass
class World:
    """``secrets`` are those of the staff's phones."""

    port: int
    clock: Clock
    keys: Keys
    citizens: Citizens
    secrets: dict[str, str] = field(repr=False)

    @property
    def desk(self) -> Desk:
        """The officials' side of the city, by the verbs, now. Enter the city first."""
        return Desk(self.keys, self.clock())

    def address(self, path: str = "/", *, host: str = f"{CITY}.localhost") -> str:
        return f"http://{host}:{self.port}{path}"

    def last_code(self) -> str:
        """The digits of the newest message that the gateway took."""
        return "".join(sign for sign in messages_of(CITY)[0].text if sign.isdigit())[:6]

    def one_time_code(self, username: str) -> str:
        """What the official's phone shows."""
        return present_code(self.secrets[username])

    def employ(self, username: str, full_name: str, *roles: Role) -> None:
        """A further member of the city's staff, once, ready to sign in."""
        with in_city(CITY):
            if Account.objects.filter(username=username).exists():
                return
            account = hire(username, *roles, now=self.clock())
            password = Account.objects.get(username="li").password
            ready = {"full_name": full_name, "password": password, "must_change_password": False}
            Account.objects.filter(pk=account.pk).update(**ready)
            self.secrets[username] = tie_phone(account, schema=CITY)

    def forget_used_codes(self, host: str) -> None:
        """A code counts once; a journey may sign the same person in twice within the half minute that it is shown."""
        cache.clear()
        if (schema := host.partition(".")[0]) != "localhost":
            with in_city(schema):
                cache.clear()


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    """Build it, serve it, and leave nothing behind."""
    clock = Clock(BEGINS)
    with pytest.MonkeyPatch.context() as patch, own_copy():
        # The driver of the browser runs an event loop in this thread; Django would take its own calls for part of it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        patch.setattr("django.utils.timezone.now", clock)
        # This column took hold of the function itself before there was another.
        patch.setattr(Authenticator._meta.get_field("created_at"), "_get_default", clock, raising=False)
        for name in ("JOURNAL_CHECKPOINTS", "MEDIA_ROOT"):
            patch.setattr(f"django.conf.settings.{name}", folder / name.lower())
        patch.setattr("django.conf.settings.SMS_GATEWAY", "portal.demo.mail_box.MailBox")
        patch.setattr("portal.demo.mail_box.FOLDER", folder / "mail_box")
        patch.setattr("django.conf.settings.SOURCE_ALLOW_LIST", AllowList.parse("sqlite:*"))
        with in_city(CITY):
            empty_city()
            desk = open_desk(PEOPLE, now=clock(), rules=RULE_SET)
            citizens = dress()
            secrets = _ready_staff(CITY)
        for operator in (OPERATOR, SECOND_OPERATOR):
            hire(operator, Role.SYSTEM_ADMIN, now=clock())
        secrets |= _ready_staff("public")
        with bells_answered_at_once(), serving() as port:
            yield World(port, clock, desk.keys, citizens, secrets)


@contextmanager
def bells_answered_at_once() -> Iterator[None]:
    """Whoever enqueues a task does it: there is no broker, and no worker that would look into another database."""
    app.conf.task_always_eager = True
    try:
        yield
    finally:
        app.conf.task_always_eager = False


def _ready_staff(place: str) -> dict[str, str]:
    """One password for all, hashed once, and a phone each."""
    Account.objects.update(password=make_password(PASSWORD), must_change_password=False)
    return {account.username: tie_phone(account, schema=place) for account in Account.objects.all()}
