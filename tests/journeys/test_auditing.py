"""An auditor's work, testing what was difficult when it was first tried: in English on a desktop, in Chinese on a phone."""

import pytest

from regions.sources import changes
from regions.sources.models import Source, SourceChange
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.journeys.cast import SOURCE_TITLES
from tests.journeys.conftest import Opens
from tests.journeys.people import Browser
from tests.journeys.world import CITY, World

REF, WHY = "4W06H6TD", "启用新库"
LANGUAGES = ("zh-hans", "en")


@pytest.mark.parametrize(("device", "language"), [("desktop", "en"), ("phone", "zh-hans")])
def test_an_auditor_s_day(window: Opens, world: World, device: str, language: str) -> None:
    world.employ("ning", "宁远", Role.SOURCE_MANAGER)
    with in_city(CITY):
        case = world.desk.case(REF)
        if case.state == "received":
            world.desk.bring(case, "in_review")
        change = SourceChange.objects.filter(proposed_by="ning").first() or _proposed(world)
        # Two runs on a day without others: the runs of other journeys may have failed.
        first, last = world.desk.run(), world.desk.run()
    auditor = window(device).staff("sun", language)
    _reads(auditor, f"/staff/cases/{case.number}/", case.number)
    assert auditor.page.locator("main [name=outcome], main [name=sent_to]").count() == 0
    _reads(auditor, f"/staff/sources/changes/{change.pk}/", WHY)
    title = SOURCE_TITLES["bigdata"][LANGUAGES.index(language)]
    for field, shown in (("by", "李建国"), ("by", "宁远"), ("subject", case.number), ("subject", title)):
        _sought(auditor, field, shown)
    assert first.day == last.day
    _replayed(auditor, first.day.isoformat(), first.sequence)
    _counted(auditor)


def _proposed(world: World) -> SourceChange:
    return changes.propose(
        source_id=Source.objects.get(code="bigdata").pk,
        values={"records_view": "health_records", "clock_view": "health_clock", "max_age_hours": 20.0},
        credential=None,
        effect={},
        reason=WHY,
        by="ning",
        now=world.clock(),
    )


def _reads(auditor: Browser, path: str, text: str) -> None:
    """A page of other officials can be read, but not acted on."""
    auditor.open(path)
    auditor.check_words()
    assert text in auditor.page.locator("main").inner_text() or text in auditor.page.title()


def _sought(auditor: Browser, field: str, shown: str) -> None:
    """The journal can be searched by what pages show: names, numbers, titles."""
    page = auditor.open("/staff/journal/")
    page.locator(f"main [name={field}]").fill(shown)
    auditor.press("Search")
    page.wait_for_url("**/journal/?**")
    auditor.check_words()
    found = page.locator(f"main .journal td:nth-child({3 if field == 'by' else 5})").all_inner_texts()
    assert found
    assert [text for text in found if shown not in text] == []


def _replayed(auditor: Browser, day: str, number: int) -> None:
    """A run that was not the last one of its day can be replayed, too."""
    page = auditor.open("/staff/replay/")
    for name, value in {"day": day, "number": str(number), "citizen": REF}.items():
        page.locator(f"main [name={name}]").fill(value)
    auditor.press("Compute again")
    auditor.check_words()
    assert auditor.said("The same inputs, the same colours") in auditor.text
    assert page.locator("main tbody [data-state=red]").count() == 1


def _counted(auditor: Browser) -> None:
    """The figures show the days and the age of the data, and a number leads to its rows."""
    page = auditor.open("/staff/reports/disagreements/")
    auditor.press("In figures: from day to day, by place, by age of the data")
    auditor.check_words()
    assert page.locator(".chart .bar").count() > 0
    titles = page.locator("main h2").all_inner_texts()
    assert {auditor.said("The data providers judged by"), auditor.said("By age of the data")} <= set(titles)
    led = page.locator("main td.number a").first
    count = int(led.inner_text())
    led.click()
    page.wait_for_url("**/disagreements/?show=1**")
    auditor.check_words()
    assert page.locator("main .preview tbody tr").count() == min(count, 20)
