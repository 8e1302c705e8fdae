"""Sources stay silent: pages show it, red people stay red, and nobody turns green because of missing data."""

import re
from datetime import timedelta

import pytest

from codes.models import EffectiveCode
from codes.tasks import sum_up_cities
from regions.tenancy import in_city
from tests.journeys.conftest import Opens
from tests.journeys.measuring import Measure, Records
from tests.journeys.people import Browser
from tests.journeys.world import CITY, OPERATOR, World

LONGER_THAN_THEIR_LIMIT = timedelta(hours=27)
WORDS = {"zh-hans": ("暂时无法判定", "红码", "红码（沿用）"), "en": ("Cannot be determined", "Red", "Red (held)")}
REF = "3PX8C6VN"


def codes() -> dict[str, str]:
    """Return citizen reference → colour, for everybody with a stored effective code."""
    return dict(EffectiveCode.objects.values_list("citizen__ref", "colour"))


def face_of(citizen: Browser) -> str:
    """Return the large word on My code."""
    citizen.open("/code/")
    return citizen.page.locator("#face .face-word").inner_text().strip()


@pytest.mark.parametrize(("device", "language"), [("phone", "zh-hans"), ("desktop", "en")])
def test_nobody_turns_green_by_a_silence(
    window: Opens, world: World, record_property: Records, device: str, language: str
) -> None:
    with in_city(CITY):
        world.desk.run()  # so that the declarations of other journeys count before the comparison
        before = codes()
    world.clock.move(LONGER_THAN_THEIR_LIMIT)
    with in_city(CITY):
        world.desk.run(world.clock(), silent=("police", "bigdata"))
        during = codes()
    not_ruled = {ref for ref, colour in before.items() if colour != "green"}
    assert not_ruled
    assert {ref: during[ref] for ref in not_ruled} == {ref: before[ref] for ref in not_ruled}, "held"

    citizen = window(device)
    citizen.open("/")
    citizen.in_language(language).sign_in_as_citizen(REF)
    unknown, red, held = WORDS[language]
    assert face_of(citizen) == red
    assert held in citizen.page.locator(".providers").inner_text()
    for provider in citizen.page.locator(".provider").all():
        assert unknown in provider.inner_text()
        assert citizen.said("Updated to") in provider.inner_text()

    official = window(device)
    measure = Measure(official.page, device, language, record_property)
    official.open("/staff/sign-in/")
    official.in_language(language)
    with measure.taken("outage"):
        official.sign_in_as_staff("li")
        official.go_to("/staff/runs/")
        official.page.locator("main table tbody a").first.click()
        official.page.wait_for_url(re.compile(r"/runs/\d+/$"))
    assert official.text.count(unknown.lower()) == 2
    official.open("/staff/dashboard/")
    assert official.text.count(unknown.lower()) == 2

    _seen_by_the_operator(window(device), record_property, device, language)
    with in_city(CITY):
        world.desk.run(world.clock())
        assert codes() == before
    assert face_of(citizen) == red


def _seen_by_the_operator(operator: Browser, record: Records, device: str, language: str) -> None:
    """The city's row names the sources that are too old, and leads to the page of its last thirty days."""
    sum_up_cities()
    measure = Measure(operator.page, device, language, record)
    operator.open("/sign-in/", host="localhost")
    operator.in_language(language)
    with measure.taken("province"):
        operator.sign_in_as_staff(OPERATOR, door="/sign-in/", host="localhost")
        city = operator.page.locator(f"main tbody tr:has(a[href$='/cities/{CITY}/'])")
        assert city.locator("td p.differs").count() == 2
        city.locator("th strong a").click()
        operator.page.wait_for_url(f"**/cities/{CITY}/")
    operator.check_words()
