"""Two system administrators, and the gate devices that they set up."""

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.test import Client
from django.urls import reverse

from codes.gates.devices import confirm_device, enrol_device, open_device_link, propose_device
from codes.models import GateDevice
from regions.staff.accounts import add_staff
from regions.staff.enrolment import hash_of_token
from regions.staff.models import Account
from regions.staff.roles import Role
from tests.integration.pages.people import Visitor

FIRST, SECOND = "lu", "shi"


def hire_administrators(*, now: datetime) -> None:
    for username in (FIRST, SECOND):
        if not Account.objects.filter(username=username).exists():
            add_staff(username=username, roles=[Role.SYSTEM_ADMIN], by="system", now=now)


def proposed(name: str = "一号机", *, now: datetime) -> GateDevice:
    end = now + timedelta(days=30)
    return propose_device(name=name, place="火车东站", expires_at=end, reason="新入口", by=FIRST, now=now)


def link_for(name: str = "一号机", *, now: datetime) -> tuple[GateDevice, str]:
    """Return a confirmed device and the path of its enrolment link."""
    hire_administrators(now=now)
    device = confirm_device(proposed(name, now=now).pk, by=SECOND, now=now)
    device, token = open_device_link(device.pk, by=SECOND, now=now)
    return device, reverse("gate_enrolment_link", args=[token], urlconf="portal.urls_city")


def browser(host: str = "beta.localhost") -> Visitor:
    return Visitor(Client(headers={"host": host})).in_english()


def enrolled(name: str = "一号机", *, now: datetime, host: str = "beta.localhost") -> tuple[GateDevice, Visitor]:
    """Return an enrolled device and its browser."""
    device, link = link_for(name, now=now)
    visitor = browser(host)
    visitor.get(link)
    assert visitor.post("/gate/enrol/", {"as": "browser"}).status_code == 302
    assert settings.GATE_COOKIE_NAME in visitor.client.cookies
    return device, visitor


def machine_key(name: str = "闸机", *, now: datetime) -> tuple[GateDevice, str]:
    """Return an enrolled machine and its key, by the pages."""
    device, link = link_for(name, now=now)
    visitor = browser()
    visitor.get(link)
    page = visitor.post("/gate/enrol/", {"as": "machine"}).content.decode()
    (key,) = re.findall(r'<code class="code">(?:<[^>]+>)?([\w-]{40,})', page)
    return device, key


def key_of_machine(name: str = "闸机", *, now: datetime) -> tuple[GateDevice, str]:
    """Return an enrolled machine of the current city and its key, without the pages."""
    hire_administrators(now=now)
    device = confirm_device(proposed(name, now=now).pk, by=SECOND, now=now)
    _, token = open_device_link(device.pk, by=SECOND, now=now)
    found = enrol_device(hash_of_token(token), now=now)
    assert found is not None
    return found
