"""A citizen who is red with one provider signs in, reads why, appeals with a photo, is answered, and turns green."""

from pathlib import Path

import pytest
from PIL import Image

from codes.review.appeals.policy import AppealReason
from regions.tenancy import in_city
from regions.vocabulary import label_in
from tests.journeys.conftest import Opens
from tests.journeys.measuring import Measure, Records
from tests.journeys.people import Browser
from tests.journeys.world import CITY, World

WHY = {
    "zh-hans": "微信使用的乙市公安局数据库在11月24日记录您与病例在同一时间到过同一地点；支付宝使用的省大数据中心没有这条记录。",
    "en": "Beta police database, which WeChat uses, recorded on 24 November that you were at the same place and time as a case; "
    "Provincial big-data centre, which Alipay uses, does not have this record.",
}
OUTCOMES = {"zh-hans": "申诉成立", "en": "Accepted"}
COLOURS = {"zh-hans": ("红码", "绿码"), "en": ("Red", "Green")}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture of a ticket, as from a phone's camera."""
    path = tmp_path / "车票.jpg"
    Image.new("RGB", (1600, 1200), "white").save(path, format="JPEG")
    return path


def declare(citizen: Browser) -> None:
    """Declare no symptoms, no contact and no stay elsewhere."""
    page = citizen.page
    citizen.press("Declare")
    citizen.send()
    for answer in ("[name=has][value=no]", "[name=contact][value=no]"):
        page.locator(answer).check()
        citizen.send()
    page.locator("button[name=act][value=none]").click()
    page.locator("[name=came][value=no]").check()
    citizen.send()
    citizen.send()
    page.wait_for_url("**/declare/done/**")


@pytest.mark.parametrize(
    ("device", "language", "ref"),
    [
        ("phone", "zh-hans", "7K2MQ9XA"),
        ("desktop", "en", "9D4TW1HB"),
        ("phone", "en", "4W00H6TD"),
        ("desktop", "zh-hans", "4W01H6TD"),
    ],
)
def test_red_on_one_side_to_green(
    window: Opens, world: World, photo: Path, record_property: Records, device: str, language: str, ref: str
) -> None:
    citizen, (red, green) = window(device), COLOURS[language]
    measure = Measure(citizen.page, device, language, record_property)
    citizen.open("/")
    citizen.in_language(language)
    with measure.taken("sign_in"):
        citizen.sign_in_as_citizen(ref)
        citizen.page.wait_for_selector("#face .qr")
    assert citizen.page.locator("#face .face-word").inner_text().strip() == red
    assert WHY[language] in citizen.text

    with measure.taken("check_in"):
        citizen.press("Check in")
        citizen.press("I am well")
        citizen.page.wait_for_url("**/code/")
    with measure.taken("declare"):
        declare(citizen)
    citizen.open("/code/")
    with measure.taken("appeal"):
        citizen.press("Is it wrong? Appeal")
        citizen.press("Continue")
        citizen.choose(label_in(language, AppealReason.NOT_THERE))
        citizen.press("Continue")
        citizen.page.set_input_files("input[type=file]", photo)
        citizen.press("Add this file")
        citizen.press("Continue")
        citizen.page.locator("textarea").fill("我那天在杭州出差。")
        citizen.press("Continue")
        assert "我那天在杭州出差。" in citizen.text
        citizen.press("Send the appeal")
        assert citizen.said("Your appeal has arrived") in citizen.text

    with in_city(CITY):
        desk = world.desk
        desk.bring(desk.case(ref, "appeal"), "accepted")
    citizen.press("Follow it")
    assert citizen.page.get_by_role("link", name="车票.jpg").is_visible()
    assert citizen.page.locator("h1").inner_text() == OUTCOMES[language]
    citizen.open("/code/")
    assert citizen.page.locator("#face .face-word").inner_text().strip() == green
