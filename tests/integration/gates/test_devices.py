"""A gate's device is enrolled by two administrators and ended by one. Only its browser sees its secret."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import RequestFactory

from codes.gates import devices as verbs
from codes.models import GateDevice
from portal.gate.session import device_of
from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import NotAllowed, NotFound, Refused
from regions.staff.enrolment import hash_of_token
from regions.staff.models import RoleGrant
from tests.integration.gates.people import (
    FIRST,
    SECOND,
    browser,
    enrolled,
    hire_administrators,
    link_for,
    machine_key,
    proposed,
)
from tests.integration.pages.people import Visitor
from tests.integration.staff.people import AT

SECRET = settings.GATE_COOKIE_NAME


@pytest.fixture
def city(bare_city: City, monkeypatch: pytest.MonkeyPatch) -> City:
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)
    hire_administrators(now=AT)
    return bare_city


def test_two_administrators_enrol_a_device_and_one_revokes_it(city: City) -> None:
    first, second = (Visitor.as_account(who, now=AT).in_english() for who in (FIRST, SECOND))
    form = {"name": "Desk 1", "place": "East Station", "until": "2027-01-31", "note": "new entrance"}
    assert first.post("/staff/gates/new/", form).status_code == 302
    device = GateDevice.objects.get()
    page = f"/staff/gates/{device.pk}/"
    assert "Withdraw" in first.read(page)
    assert "Confirm" not in first.read(page)
    first.post(f"{page}decide/", {"verb": "confirm"})
    assert second.post(f"{page}link/").status_code == 302
    device.refresh_from_db()
    assert (device.state, device.link_hash) == ("proposed", None)
    second.post(f"{page}decide/", {"verb": "confirm"})

    for shown in (second.read(page), second.read("/staff/gates/")):
        assert "has not enrolled yet" in shown, "in the list and on its page by the same words"

    shown = second.post(f"{page}link/").content.decode()
    link = shown.split("https://" if "https://" in shown else "http://beta.localhost")[1].split("<")[0]
    phone = browser()
    assert phone.get(link).headers["Location"] == "/gate/enrol/"
    assert "East Station" in phone.read("/gate/enrol/")
    assert phone.get("/gate/").status_code == 401
    assert phone.post("/gate/enrol/", {"as": "browser"}).headers["Location"] == "/gate/"
    assert "East Station" in phone.read("/gate/")
    for shown in (second.read(page), second.read("/staff/gates/")):
        assert "in use" in shown
        assert "onfirmed" not in shown
    cookie = phone.client.cookies[SECRET]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert phone.client.session.get("gate_enrolment") is None

    other = browser()
    assert other.get(link).headers["Location"] == "/gate/enrol/"
    assert other.get("/gate/enrol/").status_code == 404
    first.post(f"{page}revoke/")
    assert phone.get("/gate/").status_code == 401
    told = JournalEntry.objects.filter(subject=f"gate:{device.pk}").order_by("seq").values_list("verb", "by")
    assert [(verb.removeprefix("gate."), by) for verb, by in told] == [
        ("device_proposed", FIRST),
        ("device_confirmed", SECOND),
        ("link_made", SECOND),
        ("device_enrolled", "system"),
        ("device_revoked", FIRST),
    ]


def test_neither_link_nor_secret_is_kept_or_told(city: City) -> None:
    _device, link = link_for(now=AT)
    phone = browser()
    phone.get(link)
    phone.post("/gate/enrol/", {"as": "browser"})
    token, secret = link.strip("/").rpartition("/")[2], phone.client.cookies[SECRET].value
    rows = str(list(GateDevice.objects.values()))
    entries = str(list(JournalEntry.objects.values()))
    for hidden in (token, secret):
        assert hidden not in rows + entries


REFUSALS: dict[str, Callable[[GateDevice], Any]] = {
    "own proposal": lambda device: verbs.confirm_device(device.pk, by=FIRST, now=AT),
    "somebody else's proposal withdrawn": lambda device: verbs.withdraw_device(device.pk, by=SECOND, now=AT),
    "refused without a reason": lambda device: verbs.refuse_device(device.pk, reason=" ", by=SECOND, now=AT),
    "link before it is confirmed": lambda device: verbs.open_device_link(device.pk, by=SECOND, now=AT),
    "revoked before it is confirmed": lambda device: verbs.revoke_device(device.pk, by=SECOND, now=AT),
    "no such device": lambda device: verbs.revoke_device(device.pk + 1, by=SECOND, now=AT),
    "another role": lambda device: verbs.confirm_device(device.pk, by="nobody", now=AT),
    "nameless": lambda device: verbs.propose_device(
        name=" ", place="x", expires_at=AT + timedelta(1), reason="x", by=FIRST, now=AT
    ),
    "over a year": lambda device: verbs.propose_device(
        name="x", place="x", expires_at=AT + timedelta(367), reason="x", by=FIRST, now=AT
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_refused_changes_nothing(city: City, case: str) -> None:
    device = proposed(now=AT)
    before = list(GateDevice.objects.values()), JournalEntry.objects.count()
    with pytest.raises((Refused, NotAllowed, NotFound)):
        REFUSALS[case](device)
    assert (list(GateDevice.objects.values()), JournalEntry.objects.count()) == before


def test_a_proposer_who_is_no_administrator_any_more_is_not_enough(city: City) -> None:
    device = proposed(now=AT)
    RoleGrant.objects.filter(account__username=FIRST).update(revoked_by=SECOND, revoked_at=AT)
    with pytest.raises(Refused, match="no longer has the role for it"):
        verbs.confirm_device(device.pk, by=SECOND, now=AT)


def test_a_link_is_good_once_and_for_a_quarter_of_an_hour(city: City) -> None:
    device, _link = link_for(now=AT)
    link_hash = GateDevice.objects.get().link_hash
    assert verbs.enrol_device(bytes(link_hash or b""), now=AT + verbs.LINK_WORKS) is None
    _device, token = verbs.open_device_link(device.pk, by=FIRST, now=AT)
    assert verbs.enrol_device(bytes(link_hash or b""), now=AT) is None, "a newer link has taken its place"
    newer = hash_of_token(token)
    assert verbs.enrol_device(newer, now=AT) is not None
    assert verbs.enrol_device(newer, now=AT) is None
    with pytest.raises(Refused, match="enrolled already"):
        verbs.open_device_link(device.pk, by=FIRST, now=AT)


def test_a_secret_counts_in_its_city_until_it_expires_in_cookie_or_header(city: City) -> None:
    device, phone = enrolled(now=AT)
    machine, key = machine_key(now=AT)
    request = RequestFactory().get("/gate/", headers={"authorization": f"Bearer {key}"})
    request.tenant = city  # type: ignore[attr-defined]
    assert device_of(request) == machine
    with_cookie = RequestFactory().get("/gate/")
    with_cookie.COOKIES[SECRET] = secret = phone.client.cookies[SECRET].value
    with_cookie.tenant = city  # type: ignore[attr-defined]
    assert device_of(with_cookie) == device
    assert device_of(RequestFactory().get("/gate/")) is None
    assert verbs.find_device(secret, now=device.expires_at) is None
    abroad = browser("alpha.localhost")
    abroad.client.cookies[SECRET] = secret
    assert abroad.get("/gate/").status_code == 401
