"""A small city for browsers: committed in its own database, judged by a real run and served over HTTP."""

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
    """The city and its portal. ``secrets`` maps user names to the secrets of their authenticator apps."""

    port: int
    clock: Clock
    keys: Keys
    citizens: Citizens
    secrets: dict[str, str] = field(repr=False)

    @property
    def desk(self) -> Desk:
        """The officials' functions at the present instant. Enter the city first."""
        return Desk(self.keys, self.clock())

    def address(self, path: str = "/", *, host: str = f"{CITY}.localhost") -> str:
        return f"http://{host}:{self.port}{path}"

    def last_code(self) -> str:
        """Return the sign-in code in the newest message that the SMS gateway received."""
        return "".join(sign for sign in messages_of(CITY)[0].text if sign.isdigit())[:6]

    def one_time_code(self, username: str) -> str:
        """Return the code that the official's authenticator app shows now."""
        return present_code(self.secrets[username])

    def employ(self, username: str, full_name: str, *roles: Role) -> None:
        """Create a further member of the city's staff, ready to sign in, unless it exists."""
        with in_city(CITY):
            if Account.objects.filter(username=username).exists():
                return
            account = hire(username, *roles, now=self.clock())
            password = Account.objects.get(username="li").password
            ready = {"full_name": full_name, "password": password, "must_change_password": False}
            Account.objects.filter(pk=account.pk).update(**ready)
            self.secrets[username] = tie_phone(account, schema=CITY)

    def forget_used_codes(self, host: str) -> None:
        """Permit used one-time codes again: a journey may sign the same person in twice within the half minute of a code."""
        cache.clear()
        if (schema := host.partition(".")[0]) != "localhost":
            with in_city(schema):
                cache.clear()


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    """Build the city in a copy of the database and serve it for the block."""
    clock = Clock(BEGINS)
    with pytest.MonkeyPatch.context() as patch, own_copy():
        # The browser's driver runs an event loop in this thread, in which Django would refuse to use the database.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        patch.setattr("django.utils.timezone.now", clock)
        # The default of this field is the original function, which was imported before it was replaced.
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
    """Execute tasks when they are enqueued: there is no broker, and a worker would use another database."""
    app.conf.task_always_eager = True
    try:
        yield
    finally:
        app.conf.task_always_eager = False


def _ready_staff(place: str) -> dict[str, str]:
    """Give all accounts the same password, hashed once, and each an authenticator app. Return user name → secret."""
    Account.objects.update(password=make_password(PASSWORD), must_change_password=False)
    return {account.username: tie_phone(account, schema=place) for account in Account.objects.all()}
