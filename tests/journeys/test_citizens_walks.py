"""Citizens' journeys, testing what was difficult when the portal was first tried: the code, forms, family and leaving.

They run in Chinese on a phone and in English on a desktop. The other two combinations would add nothing: texts depend on the
language alone, and ``test_accessibility.py`` checks every page in both languages for what touch and width change.
"""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from codes.citizens.guardianship import Relation
from codes.models import CheckInDays, Guardianship
from codes.review.appeals.policy import INSTEAD, AppealReason
from codes.review.evidence.access import reveal
from portal.citizen.data.chapters import CHAPTERS
from regions.masking import mask_name
from regions.staff.models import Account
from regions.tenancy import in_city
from regions.vocabulary import FactKind, label_in
from tests.integration.review.desk import Desk
from tests.journeys.cast import CHILD, READING, TWOFOLD, TYPING
from tests.journeys.conftest import Opens
from tests.journeys.people import Browser
from tests.journeys.world import CITY, World

VARIANTS = [("phone", "zh-hans"), ("desktop", "en")]
DAY = re.compile(r"\d+月\d+日|\d+ [A-Z][a-z]+")
TOGETHER = {
    "zh-hans": "支付宝和微信同时在以下几方面不同：申报与打卡、数据来源的记录。这些方面都一致后，两边的颜色就会一致。",
    "en": "Alipay and WeChat differ in several things at once: declarations and check-ins, and the records of the data sources. "
    "Once all of these are alike, both show the same colour.",
}
YOU = re.compile(r"您|你|\b[Yy]ours?\b|\b[Yy]ou\b")


@pytest.fixture(scope="module")
def city(world: World) -> World:
    """The city with everything that the journeys read, after a run."""
    with in_city(CITY):
        desk = world.desk
        for ref in READING:
            desk.tell(ref, "secondary_contact")
            Guardianship.objects.create(
                guardian=desk.citizen(ref), dependant=desk.citizen(CHILD), relation=Relation.CHILD,
                asked_at=desk.now, accepted=True, reviewed_at=desk.now, reviewed_by="li",
            )  # fmt: skip
        for ref in TYPING:
            desk.revoke(ref)
        _act_together(desk)
        Account.objects.filter(username="li").update(office="乙市疾控中心")
        desk.run()
    return world


def _act_together(desk: Desk) -> None:
    """Add an old record to each source, released only by the check-ins with Alipay, and a new one to the police database."""
    today = desk.now.date()
    for source, kind, ago in (("bigdata", "arrival", 12), ("police", "spacetime_overlap", 18)):
        desk.tell(TWOFOLD, kind, source=source, record_id=f"{source}-{TWOFOLD}", days_ago=ago)
    desk.tell(TWOFOLD, "secondary_contact")
    days = f"{{[{today - timedelta(days=18)},{today})}}"
    CheckInDays.objects.create(
        citizen=desk.citizen(TWOFOLD), provider_id=desk.keys.providers["alipay"], days=days, complete_at=desk.now
    )


@pytest.mark.parametrize(
    ("device", "language", "ref"), [(*one, ref) for one, ref in zip(VARIANTS, READING, strict=True)]
)
def test_a_citizens_code_says_one_thing(window: Opens, city: World, device: str, language: str, ref: str) -> None:
    citizen = window(device).comes_back(ref, language)
    _lasting(citizen)
    _reasons(citizen)
    _answered(citizen, city, ref)
    _denied_by_one(citizen, city, ref)
    _ruled_by_two(citizen, city, ref)
    _together(citizen)


def _lasting(citizen: Browser) -> None:
    """The red record ends before the yellow one. All texts name the same days, and whose record it is."""
    page = citizen.open("/code/")
    citizen.check_words()
    red, yellow = DAY.findall(page.locator("h1.headline").inner_text())
    assert citizen.said("check in") in page.locator("h1.headline").inner_text()
    until = page.locator(".answers .answer").nth(2).locator("p").all_inner_texts()
    assert yellow in until[0]
    lasting, first = until[-2:]
    assert (yellow in lasting, red in first) == (True, True)
    assert all("微信" in said or "WeChat" in said for said in (lasting, first))
    assert yellow in page.locator(".answers .answer").nth(3).inner_text()
    assert yellow in page.locator(".providers dl").last.inner_text()
    assert citizen.said("nothing has to be done") not in citizen.text
    assert re.findall(r"\b[RY]\d\b", citizen.text) == []


def _reasons(citizen: Browser) -> None:
    """Only reasons that are possible for this kind of record are offered. Without a certificate, there is a number to call."""
    page = citizen.open("/code/")
    citizen.press("Is it wrong? Appeal")
    citizen.check_words()
    citizen.press("Continue")
    offered = page.locator("main [name=reason]").evaluate_all("all => all.map(one => one.value)")
    assert AppealReason.NOT_THERE in offered
    assert {AppealReason.ISOLATION_DONE, AppealReason.STATEMENT_TRUE, AppealReason.TESTED_NEGATIVE}.isdisjoint(offered)
    citizen.choose(label_in(citizen.language, AppealReason.NOT_THERE))
    citizen.press("Continue")
    citizen.check_words()
    assert citizen.said("Nothing at hand that shows it?") in citizen.text
    _somebody_to_call(citizen)


def _somebody_to_call(citizen: Browser) -> None:
    assert citizen.page.locator("main a[href='tel:12345']").first.is_visible()


def _answered(citizen: Browser, city: World, ref: str) -> None:
    """The question is at the top. If a file is refused, the text of the answer is kept."""
    with in_city(CITY):
        city.desk.appeal(ref)
        city.desk.bring(city.desk.case(ref, "appeal"), "waiting_for_information")
    page = citizen.open("/code/")
    assert page.locator("#reading a.button").first.inner_text() == citizen.said("Answer the question")
    citizen.press("Answer the question")
    page.locator("main textarea").fill("见附件")
    page.set_input_files("input[type=file]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"<html>"})
    citizen.press("Add this file")
    page.locator("main .error-summary").wait_for()
    citizen.check_words()
    assert page.locator("main textarea").input_value() == "见附件"
    citizen.press("Send the answer")
    assert page.locator("main textarea").count() == 0


def _denied_by_one(citizen: Browser, city: World, ref: str) -> None:
    """My code shows the outcome and the answer. The timeline begins with the latest and mentions no second official."""
    with in_city(CITY):
        case = city.desk.case(ref, "appeal")
        city.desk.bring(case, "denied")
    page = citizen.open("/code/")
    citizen.check_words()
    outcome = page.locator("#reading .notice.matter")
    assert "记录属实" in outcome.inner_text()
    assert case.number in outcome.inner_text()
    assert re.findall(r"两名工作人员于|[Tt]wo officials decided", citizen.text) == []
    outcome.locator("a").click()
    citizen.check_words()
    instants = page.locator(".timeline time").evaluate_all("all => all.map(one => one.dateTime)")
    assert len(instants) >= 3
    assert instants == sorted(instants, reverse=True)
    assert re.findall(r"两名工作人员|[Tt]wo officials", page.locator(".timeline").inner_text()) == []


def _ruled_by_two(citizen: Browser, city: World, ref: str) -> None:
    """A green by a ruling shows until when, by whom and why, which colour follows, and that check-ins go on."""
    with in_city(CITY):
        city.desk.appeal(ref)
        city.desk.bring(city.desk.case(ref, "appeal"), "accepted")
    page = citizen.open("/code/")
    citizen.check_words()
    assert page.locator("#face").get_attribute("data-state") == "green"
    headline = page.locator("h1.headline").inner_text()
    (end,) = DAY.findall(headline)
    red = {"zh-hans": "红码", "en": "red"}[citizen.language]
    assert red in headline
    assert citizen.said("check in") in headline
    assert page.locator("#reading .notice.matter").inner_text().count(end) == 1
    decided = page.locator(".answers, .decided, #reading section").first.inner_text()
    assert re.findall(r"经两名工作人员于|Two officials decided", decided) != []
    assert decided.count(end) >= 2
    assert red in decided
    assert citizen.said("nothing has to be done") not in citizen.text
    assert page.get_by_role("button", name=citizen.said("Well today: check in")).count() == 1


def _together(citizen: Browser) -> None:
    citizen.comes_back(TWOFOLD, citizen.language)
    page = citizen.open("/code/")
    citizen.check_words()
    assert TOGETHER[citizen.language] in page.locator(".answers p.told").all_inner_texts()


@pytest.mark.parametrize(
    ("device", "language", "ref"), [(*one, ref) for one, ref in zip(VARIANTS, TYPING, strict=True)]
)
def test_a_citizens_forms_lose_nothing(window: Opens, city: World, device: str, language: str, ref: str) -> None:
    citizen = window(device).comes_back(ref, language)
    page = citizen.open("/code/")
    assert citizen.said("nothing has to be done") in page.locator("h1.headline").inner_text()
    citizen.press("Declare")
    citizen.send()
    page.locator("[name=has][value=yes]").check()
    page.locator("[name=symptoms][value=fever]").check()
    citizen.send()
    page.locator("[name=contact][value=yes]").check()
    citizen.send()
    _typed_and_kept(citizen, ref)
    _places(citizen)
    _sent_once(citizen)
    _not_counted_yet(citizen)
    _asked_too_often(citizen, city, ref)


def _typed_and_kept(citizen: Browser, ref: str) -> None:
    """An impossible year is refused. What was typed is kept when the language is changed at once and when the session ends."""
    page = citizen.page
    page.locator("main form details > summary").click()
    page.locator("[name=area]").press_sequentially("武汉")
    page.locator("#area-found [value='420100']").check()
    page.locator("[name=from_day]").fill("1990-05-01")
    page.locator("[name=act][value=add]").click()
    page.locator("main .error-summary").wait_for()
    citizen.check_words()
    assert page.locator("main .so-far").count() == 0
    wuhan = page.locator("[name=area]").input_value()
    assert wuhan
    page.locator("[name=from_day]").fill("2026-11-20")
    with page.expect_navigation():
        page.locator(".masthead").get_by_role(
            "button", name="English" if citizen.language == "zh-hans" else "中文"
        ).click()
    assert page.locator("[name=from_day]").input_value() == "2026-11-20"
    citizen.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator("[name=act][value=add]").click()
    assert citizen.path == "/sign-in/?next=%2Fdeclare%2Fstays%2F"
    citizen.comes_back(ref, citizen.language).open("/declare/stays/")
    assert (page.locator("[name=area]").input_value(), page.locator("[name=from_day]").input_value()) == (
        wuhan,
        "2026-11-20",
    )


def _places(citizen: Browser) -> None:
    """Places are accepted as people write them. What was typed but not added is added by going on."""
    page = citizen.page
    page.locator("[name=act][value=add]").click()
    for place, act in (("北京市海淀区", "add"), ("香港", "on")):
        page.locator("main form details > summary").click()
        page.locator("[name=area]").fill(place)
        page.locator("[name=from_day]").fill("2026-11-20")
        page.locator(f"[name=act][value={act}]").click()
    stays = page.locator("main .so-far li > span").all_inner_texts()
    said = {"zh-hans": ("武汉", "海淀", "香港"), "en": ("Wuhan", "Haidian", "Hong Kong")}[citizen.language]
    assert [place in stay for place, stay in zip(said, stays, strict=True)] == [True] * 3
    page.locator("[name=act][value=on]").click()


def _sent_once(citizen: Browser) -> None:
    """Going back shows what was sent and sends nothing again."""
    page = citizen.page
    page.locator("[name=came][value=no]").check()
    citizen.send()
    citizen.check_words()
    citizen.send()
    page.wait_for_url("**/declare/done/**")
    citizen.check_words()
    done = citizen.path
    page.go_back()
    page.wait_for_url(f"**{done}")


def _not_counted_yet(citizen: Browser) -> None:
    page = citizen.open("/code/")
    citizen.check_words()
    entered = page.locator("#reading p.notice.matter").inner_text()
    assert citizen.said("nothing has to be done") not in citizen.text
    assert label_in(citizen.language, FactKind.CONTACT_WITH_CASE) in entered
    assert label_in(citizen.language, FactKind.SYMPTOM) in entered
    assert DAY.findall(entered)


def _asked_too_often(citizen: Browser, city: World, ref: str) -> None:
    """The page states when to try again, and who helps until then."""
    page = citizen.open("/sign-in/")
    page.locator("[name=id_number]").fill(city.citizens[ref].id_number)
    citizen.send()
    _somebody_to_call(citizen)
    citizen.press("Send another code")
    citizen.check_words()
    assert re.findall(r"请于\d\d:\d\d再试|Try again at \d\d:\d\d", citizen.text)
    _somebody_to_call(citizen)


@pytest.mark.parametrize(
    ("device", "language", "ref"), [(*one, ref) for one, ref in zip(VARIANTS, READING, strict=True)]
)
def test_a_citizens_family_and_ways_out(window: Opens, city: World, device: str, language: str, ref: str) -> None:
    citizen = window(device).comes_back(ref, language)
    _family(citizen, city)
    _looked_at(citizen, city, ref)
    _copied(citizen)
    _opened_the_wrong_way(citizen)
    citizen.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    for path in ("/", "/sign-in/", "/phone/"):
        citizen.open(path)
        citizen.check_words()
        _somebody_to_call(citizen)


def _family(citizen: Browser, city: World) -> None:
    """Each page names the child and does not call it “you”. If no appeal is possible, it names the office that decides."""
    name = mask_name(city.citizens[CHILD].full_name)
    page = citizen.open(f"/family/{CHILD}/code/")
    assert page.locator("h1.headline").inner_text().startswith(name)
    assert YOU.findall(page.locator("#reading .answers").inner_text()) == []
    for path in ("check-in/", "data/", "code/history/", "code/calendar/"):
        citizen.open(f"/family/{CHILD}/{path}")
        citizen.check_words()
        assert name in page.locator(".page-header").inner_text()
        assert YOU.findall(citizen.text) == [], path
    citizen.open(f"/family/{CHILD}/appeal/")
    citizen.check_words()
    assert label_in(citizen.language, INSTEAD[FactKind.CLOSE_CONTACT]) in citizen.text
    _somebody_to_call(citizen)


def _looked_at(citizen: Browser, city: World, ref: str) -> None:
    with in_city(CITY):
        reveal(citizen_id=city.desk.citizen(ref).pk, purpose="核对身份", by="li", now=city.clock())
    page = citizen.open("/data/")
    citizen.check_words()
    looked = page.locator("main section").last.inner_text()
    assert "乙市疾控中心" in looked
    assert citizen.said("name, ID number and phone") in looked


def _copied(citizen: Browser) -> None:
    """The copy is a document with all chapters in one language."""
    page = citizen.page
    with page.expect_download() as handed:
        citizen.press("Document to read")
    page.goto("about:blank")  # otherwise the content policy of the present page applies
    page.set_content(Path(handed.value.path()).read_text(encoding="utf-8"))
    chapters = page.locator("h2").all_inner_texts()
    with translation.override(citizen.language):
        assert chapters == [str(chapter.title) for chapter in CHAPTERS]
    citizen.check_words("body")


def _opened_the_wrong_way(citizen: Browser) -> None:
    page = citizen.open("/data/copy/")
    citizen.check_words()
    assert page.locator("h1").inner_text() == citizen.said("This page only takes a form")
    citizen.press("Go to the first page")
    assert citizen.path == "/code/"
