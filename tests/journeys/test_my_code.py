"""The page My code: a question at the top, a green by a ruling, renewal of the whole page, and a clock that stops."""

import pytest
from playwright.sync_api import Page

from codes.models import InformationRequest, Message
from regions.models import City
from regions.tenancy import as_owner, in_city
from regions.vocabulary import Recognition
from tests.journeys.cast import ASKED
from tests.journeys.conftest import Opens
from tests.journeys.people import BROKEN_WORDS, Browser
from tests.journeys.world import CITY, World

MINUTE = 60_000
FOLD, TWO_LINES = 844, 110
# The number of rows of the header's links and buttons: one that begins below the end of a row begins another row.
ROWS_OF_HEADER = """() => {
    const parts = [...document.querySelectorAll('.masthead a, .masthead button')].filter(one => one.checkVisibility())
    const boxes = parts.map(one => one.getBoundingClientRect()).sort((a, b) => a.top - b.top)
    const isBelow = (box, end) => end === undefined || box.top >= end
    return boxes.reduce((ends, box) => isBelow(box, ends.at(-1)) ? [...ends, box.bottom] : ends, []).length
}"""
ASKED_OF = dict(zip(("zh-hans", "en"), ASKED, strict=True))
SAYS = {
    "zh-hans": ("工作人员提问：何时？", "去答复", "答复工作人员的提问", "绿码（复核决定，", "已过期"),
    "en": ("A question from the office: 何时？", "Answer the question", "answer the question", "Green by a decision until", "Out of date"),
}  # fmt: skip


def ends(page: Page, *parts: str) -> dict[str, float]:
    """Return the lower ends of these parts of the page, in pixels from the top. All of them must exist."""
    boxes = {part: page.locator(part).last.bounding_box() for part in parts}
    assert None not in boxes.values(), boxes
    return {part: box["y"] + box["height"] for part, box in boxes.items() if box}


def word_on(citizen: Browser) -> str:
    return citizen.page.locator("#face .face-word").inner_text().strip()


@pytest.mark.parametrize(
    ("device", "language", "ref"), [("phone", "zh-hans", "4W02H6TD"), ("desktop", "en", "4W03H6TD")]
)
def test_the_page_says_one_thing_at_a_time(window: Opens, world: World, device: str, language: str, ref: str) -> None:
    question, button, short, ruled, over = SAYS[language]
    citizen = window(device)
    citizen.page.clock.install()
    citizen.open("/")
    citizen.in_language(language).sign_in_as_citizen(ref)
    page = citizen.page
    with in_city(CITY):
        world.desk.bring(world.desk.case(ref), "waiting_for_information")
    page.wait_for_load_state()  # no renewal is due before the page has set its timer
    page.clock.fast_forward(46_000)
    page.wait_for_selector(".matter .button")
    assert question in citizen.text
    assert short in page.locator("h1").inner_text()
    assert page.get_by_role("link", name=button).first.bounding_box()["y"] < page.locator("#face").bounding_box()["y"]  # type: ignore[index]

    with in_city(CITY):
        world.desk.appeal(ref)
        world.desk.bring(world.desk.case(ref, "appeal"), "accepted")
    page.clock.fast_forward(46_000)
    page.wait_for_selector("#face[data-state=green]")
    assert page.locator("h1").inner_text().startswith(ruled), "face and text change together"
    assert page.locator("#changed[role=status]").inner_text() == page.locator("h1").inner_text(), (
        "and whoever listens hears it"
    )
    assert citizen.said("Green").lower() in page.title().lower() or "绿码" in page.title()

    page.clock.run_for(1_000)  # the new face has ticked once
    citizen.context.set_offline(True)
    page.clock.fast_forward(3 * MINUTE)
    page.wait_for_selector("#face[data-is-over]")
    stopped = page.locator("[data-ticking]").inner_text()
    assert over in page.locator("[role=status] [data-over]").inner_text()
    page.clock.fast_forward(MINUTE)
    assert page.locator("[data-ticking]").inner_text() == stopped
    citizen.context.set_offline(False)


@pytest.mark.parametrize(("language", "ref"), [*zip(("zh-hans", "en"), ASKED, strict=True)])
def test_a_phone_shows_it_without_scrolling(window: Opens, world: World, language: str, ref: str) -> None:
    """It shows the sentence with its button, the code and its time.

    In elder-friendly appearance there are also three large buttons, and the pass is not smaller.
    """
    with in_city(CITY):
        world.desk.bring(world.desk.case(ref), "waiting_for_information")
        InformationRequest.objects.filter(case__citizen__ref=ref).update(question="请说明当天的行程，并附上车票。" * 20)
    citizen = window("phone")
    citizen.open("/")
    citizen.in_language(language).sign_in_as_citizen(ref)
    page = citizen.page
    page.wait_for_selector("#face .qr")
    told = ends(page, "h1.headline", ".matter .button", "#face .qr", "#face .face-time")
    assert max(told.values()) <= FOLD, told
    assert ends(page, ".masthead")[".masthead"] < TWO_LINES
    page.set_viewport_size({"width": 320, "height": FOLD})
    assert ends(page, ".masthead")[".masthead"] < TWO_LINES, "nor on the narrowest phone"
    page.set_viewport_size({"width": 390, "height": FOLD})
    width = page.locator("#face .qr").bounding_box()["width"]  # type: ignore[index]

    citizen.press("Elder-friendly")
    page.wait_for_selector("html[data-size=elder]")
    assert citizen.said("Answer the question") in page.locator(".large-buttons").inner_text()
    assert page.locator(".large-buttons .button").count() == 3
    told = ends(page, "h1.headline", "#face .qr", "#face .face-time", ".large-buttons .button")
    assert max(told.values()) <= FOLD, told
    assert page.locator("#face .qr").bounding_box()["width"] >= width  # type: ignore[index]
    for narrow in (390, 320):
        page.set_viewport_size({"width": narrow, "height": FOLD})
        assert page.evaluate(BROKEN_WORDS, "h1, .face-word, .large-buttons") == [], narrow


def test_the_longest_word_of_a_state_fits_beside_another(window: Opens, world: World) -> None:
    """Both providers of somebody may be unable to judge, and “Cannot be determined” is wider than a column of a phone."""
    citizen = window("phone").comes_back(ASKED_OF["en"], "en")
    page = citizen.open("/code/")
    assert page.locator(".provider .badge-word").count() == 2
    longest = citizen.said("cannot be determined")
    page.evaluate(
        "word => document.querySelectorAll('.provider .badge-word').forEach(one => one.textContent = word)", longest
    )
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": FOLD})
        # A phone's window grows with what does not fit.
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("size", ["normal", "elder"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_header_takes_two_lines_of_every_phone(window: Opens, world: World, language: str, size: str) -> None:
    """This includes the narrowest phone, large text, a long name, an unread message, and a city that accepts other cities' passes."""
    own = City.objects.filter(schema_name=CITY)
    before = own.values("name_en", "recognition").get()
    with as_owner():
        own.update(name_en="Shijiazhuang", recognition=Recognition.CONVERT)
    try:
        citizen = window("phone").comes_back(ASKED_OF[language], language)
        page = citizen.open("/code/")
        assert page.locator("main a[href='/other-city/']").count() == 1
        if size == "elder":
            citizen.press("Elder-friendly")
            page.wait_for_selector("html[data-size=elder]")
        with in_city(CITY):
            Message.objects.filter(recipient__ref=ASKED_OF[language]).update(read_at=None)
        for path in ("/code/", "/declare/", "/family/", "/messages/"):
            citizen.open(path)
            assert page.locator(".masthead .new").count() == 1, path
            for width in (390, 320):
                page.set_viewport_size({"width": width, "height": FOLD})
                assert page.evaluate(ROWS_OF_HEADER) <= 2, (path, width)
    finally:
        with as_owner():
            own.update(**before)
