"""A correction between two cities: an official of one asks, two of the other decide, and the citizen of the first turns green."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from codes.cities.neighbours import note_neighbours
from codes.models import Citizen, Fact, Provider, Registration
from codes.review.evidence.files import keep_upload
from codes.tasks import exchange_corrections
from regions.identity import Identity
from regions.keys.encryption import encrypt_number, encrypt_phone, identity_hash
from regions.sources.connectors.guard import AllowList
from regions.sources.models import Source
from regions.staff.models import Account
from regions.tenancy import in_city
from regions.vocabulary import IdType
from tests.integration.review.desk import Desk
from tests.journeys.cast import OFFICIALS
from tests.journeys.conftest import CLEARED, NEIGHBOUR, Opens
from tests.journeys.people import Browser
from tests.journeys.world import CITY, World, _ready_staff
from tests.unit.review.test_uploads import picture

REF, NUMBER, PHONE = CLEARED, "440524188001010014", "12900000001"
OWNER = NEIGHBOUR
ALPHA = f"{OWNER}.localhost"


def person() -> Citizen:
    who = Identity(IdType.RESIDENT_ID, NUMBER)
    columns = {
        "id_type": who.id_type.value,
        "id_hash": identity_hash(who),
        "id_encrypted": encrypt_number(who),
        "full_name": "陈丽",
        "phone_encrypted": encrypt_phone(PHONE),
    }
    Citizen.objects.filter(ref=REF).update(**columns)
    return Citizen.objects.get(ref=REF)


@pytest.fixture
def two_cities(world: World, neighbour: Desk, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A record that alpha passed on to beta, where its citizen is red because of it. Return the secrets of alpha's officials."""
    now = world.clock()
    monkeypatch.setattr("django.conf.settings.CITY_ADDRESS", f"http://{{host}}:{world.port}")
    places = AllowList.parse("alpha.localhost:*,beta.localhost:*")
    monkeypatch.setattr("django.conf.settings.MESSAGE_ALLOW_LIST", places)
    with in_city(OWNER):
        person()
        secrets = _ready_staff(OWNER)
        for username, full_name in OFFICIALS.items():
            Account.objects.filter(username=username).update(full_name=full_name)
    with in_city(CITY):
        Citizen.objects.create(ref=REF, id_type="10", id_hash=b"-", id_encrypted=b"-", known_since=now)
        someone = person()
        for provider in Provider.objects.all():
            Registration.objects.create(citizen=someone, provider=provider, registered_at=now - timedelta(days=1))
        Fact.objects.create(
            citizen=someone,
            origin="source",
            source=Source.objects.get(code="police"),
            record_id="A-20261122-77",
            version=1,
            kind="spacetime_overlap",
            started_on=(now - timedelta(days=2)).date(),
            recorded_at=now - timedelta(hours=3),
            received_at=now - timedelta(hours=3),
            detail={"issued_by": "510100", "issued_id": f"police-{REF}"},
        )
        world.desk.run(world.clock())
    note_neighbours(now=now)
    return secrets


def sign_in_there(window: Opens, world: World, secrets: dict[str, str], username: str) -> Browser:
    there = window("desktop")
    world.secrets, own = {**world.secrets, username: secrets[username]}, world.secrets
    there.sign_in_as_staff(username, host=ALPHA)
    world.secrets = own
    return there


def open_there(browser: Browser, path: str) -> None:
    browser.open(path, host=ALPHA)


def test_a_record_of_another_city_is_put_right_there_and_cleared_here(
    window: Opens, world: World, two_cities: dict[str, str]
) -> None:
    citizen = window("phone")
    citizen.open("/sign-in/")
    citizen.page.locator("[name=id_number]").fill(NUMBER)
    citizen.send()
    citizen.page.locator("[name=code]").fill(world.last_code())
    citizen.send()
    citizen.open("/code/")
    assert "成都" in citizen.text, "whoever is red reads which city answers for it"

    here = window("desktop")
    here.sign_in_as_staff("li")
    with in_city(CITY):
        case = world.desk.case(REF)
        number = case.number
        shown: dict[str, Any] = {"content": picture("PNG"), "original_name": "考勤.png"}
        keep_upload(citizen=case.citizen, case=case, by="li", now=world.clock(), **shown)
    here.open(f"/staff/cases/{number}/")
    assert "由成都市转来" in here.text
    here.press("Ask the other city …")
    here.page.locator("[name=text]").fill("当天在乙市上班，有考勤记录。")
    here.page.get_by_label("考勤.png").check()
    here.send()
    exchange_corrections()
    exchange_corrections()  # the file is fetched after the asked city has received the request
    here.open("/staff/corrections/")
    assert "已送达：对方城市正在核查" in here.text

    reviewer = sign_in_there(window, world, two_cities, "li")
    open_there(reviewer, "/staff/corrections/")
    reviewer.page.locator("main table a").first.click()
    assert "当天在乙市上班，有考勤记录。" in reviewer.text
    with reviewer.page.expect_download() as download:
        reviewer.page.locator("main a[download]").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    reviewer.press("Decide it on the case's page")
    reviewer.press("This record is wrong …")
    reviewer.page.locator("[name=reason_code]").select_option("never_happened")
    reviewer.page.locator("[name=grounds]").first.check()
    reviewer.send()
    exchange_corrections()
    approver = sign_in_there(window, world, two_cities, "wang")
    open_there(approver, "/staff/approvals/?kind=records")
    with in_city(OWNER):
        assert Citizen.objects.get(ref=REF).effective.colour == "red", "one official changes nothing"
    approver.page.locator("main a[href*='/approvals/record']").first.click()
    approver.page.locator("summary[data-key=o]").click()
    approver.page.locator("[name=outcome]").first.check()
    approver.page.locator("main form.approve button[name=go][value=stay]").click()
    exchange_corrections()

    citizen.open("/code/")
    assert citizen.page.locator("[data-state=green]").count()
    citizen.open("/cases/")
    citizen.page.locator("main a[href*='/cases/D']").first.click()
    assert "该记录不再计入" in citizen.text
    here.open("/staff/corrections/")
    here.page.locator("main table tr", has_text="该记录不再计入").locator("a").first.click()
    assert "当事人的颜色已重新判定" in here.text
    citizen.open("/data/")
    assert "核查该城市一条被指有误的记录" in citizen.text
    open_there(reviewer, "/staff/corrections/")
    assert "该记录不再计入" in reviewer.text
