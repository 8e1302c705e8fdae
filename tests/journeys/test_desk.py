"""An official's work, testing what was difficult when it was first tried: in Chinese on a desktop, in English on a phone."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models import F
from playwright.sync_api import Page

from codes.models import Case, Registration, RuleSet, RuleSetDraft, Ruling, Run
from codes.rule_sets import drafts, rehearsal_jobs
from regions.sources.models import Batch
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.journeys.conftest import Opens
from tests.journeys.measuring import Measure, Records
from tests.journeys.people import OVERLAPS, Browser
from tests.journeys.world import CITY, World

# The timeline begins with the latest entry.
ENDS = ("ruling ended early", "early end of the ruling proposed")


def total(official: Browser) -> int:
    return int(re.findall(r"\d+", official.page.locator(".page-header").inner_text())[0])


def open_fold(page: Page, text: str) -> None:
    page.locator("main details > summary", has_text=text).click()


@pytest.fixture(params=[("desktop", "zh-hans"), ("phone", "en")], ids=["desk", "phone"])
def day(request: pytest.FixtureRequest, window: Opens) -> tuple[Browser, Browser]:
    """The browsers of li, a reviewer, and wang, an approver."""
    device, language = request.param
    reviewer, approver = (window(device).staff(username, language) for username in ("li", "wang"))
    return reviewer, approver


def test_a_day_at_the_desk(day: tuple[Browser, Browser], world: World, record_property: Records) -> None:
    reviewer, approver = day
    device = "phone" if reviewer.language == "en" else "desktop"
    measures = [Measure(one.page, device, one.language, record_property) for one in day]
    _lost(reviewer)
    _queue(reviewer)
    case = _together(reviewer, approver, *measures)
    _group(reviewer)
    _not_registered(reviewer, world)
    _correction(reviewer, world)
    _ended_early(reviewer, approver, case)
    _found(reviewer, world, case)
    _closed(reviewer, world, case)
    _silent_source(approver)


def _lost(reviewer: Browser) -> None:
    """A page that the official may not see leads back to the officials' overview, not to a citizen's page."""
    reviewer.open("/staff/sources/")
    reviewer.check_words()
    reviewer.page.locator("main a[href='/staff/']").click()
    assert reviewer.path == "/staff/"


def _queue(reviewer: Browser) -> None:
    """The queue shows total, cause and order, all rows can be selected at once, and no texts overlap."""
    page = reviewer.open("/staff/queue/?order=newest")
    reviewer.check_words()
    rows = page.locator("main tbody tr")
    assert total(reviewer) == rows.count()
    numbers = page.locator("main tbody a[href*='/cases/']").all_inner_texts()
    assert len(numbers) == rows.count()
    with in_city(CITY):
        opened = dict(Case.objects.values_list("number", "opened_at"))
    instants = [opened[number] for number in numbers]
    assert instants == sorted(instants, reverse=True)
    page.locator("main [name=order]").select_option("due")
    page.locator("main form.filters button").click()
    assert "" not in [text.strip(" –") for text in page.locator("main tbody tr > td:nth-child(4)").all_inner_texts()]
    page.locator("[data-tick-all]").check()
    assert page.locator("main tbody input:checked").count() == rows.count()
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def _together(reviewer: Browser, approver: Browser, proposing: Measure, approving: Measure) -> str:
    """People who differ have separate lines, as many are proposed as announced, and the approver sees cause and colours of each."""
    with proposing.taken("group"):
        said = _proposed(reviewer)
    with in_city(CITY):
        proposed = list(Ruling.objects.filter(state="proposed", evidence=["document:2026-31"]).select_related("case"))
    assert len(proposed) == said >= 2
    assert str(said) in reviewer.text

    page = approver.open("/staff/")
    with approving.taken("together"):
        approver.go_to("/staff/approvals/")
        approver.check_words()
        page.locator("main a[href*='together/']").last.click()
        _approved_for_the_first(approver, said)
    with in_city(CITY):
        approved = Ruling.objects.get(state="approved", pk__in=[one.pk for one in proposed])
        assert approved.case is not None
        return approved.case.number


def _proposed(reviewer: Browser) -> int:
    """Propose a ruling for the people on the yellow line. Return the number that the page states."""
    page = reviewer.page
    page.locator("main a[href*='/queue/propose-all/']").click()
    reviewer.check_words()
    lines = page.locator("main tbody tr")
    assert lines.count() >= 2, "red and yellow people are not alike"
    yellow = lines.filter(has=page.locator("[data-state=yellow]"))
    said = max(int(text) for text in yellow.locator("td.figure").all_inner_texts())
    page.locator("[data-tick-all]").uncheck()
    yellow.locator("[name=alike]").check()
    page.locator("[name=outcome][value=green]").check()
    page.locator("[name=reason_code]").select_option(index=1)
    page.locator("[name=document]").fill("2026-31")
    page.locator("main [data-submit]").click()
    page.wait_for_load_state()
    return said


def _approved_for_the_first(approver: Browser, said: int) -> None:
    """Approve the ruling for the first person and exclude all others."""
    page = approver.page
    approver.check_words()
    shown = page.locator("main section table").first.locator("tbody tr")
    assert shown.count() == said
    assert page.locator("main section table [data-state=yellow]").count() == 2 * said, (
        "with the provider, and the code now"
    )
    assert all("–" not in text for text in shown.locator("td:nth-child(3)").all_inner_texts())
    page.locator("main details > summary").first.click()
    for ticked in page.locator("main [name=out]").all()[1:]:
        ticked.check()
    page.locator("main [name=reason_code]").select_option(index=1)
    page.locator("main [data-submit]").click()
    page.wait_for_load_state()


def _group(reviewer: Browser) -> None:
    """The heading of a group states what its people have in common. One person's record is shown as an example."""
    page = reviewer.open("/staff/groups/")
    reviewer.check_words()
    largest = page.locator("main section").first
    shared, example = (largest.locator("p").nth(place).inner_text() for place in (0, 1))
    assert "police-" not in shared
    assert example.startswith(reviewer.said("For example, the case that is due first:"))


def _not_registered(reviewer: Browser, world: World) -> None:
    """A citizen who is not registered with a provider is not shown as green with it."""
    ref = "4W15H6TD"
    with in_city(CITY):
        case = world.desk.case(ref)
        alipay = Registration.objects.filter(citizen__ref=ref, provider__code="alipay")
        before = alipay.get().registered_at
        alipay.update(registered_at=world.clock() + timedelta(days=1))
    page = reviewer.open(f"/staff/cases/{case.number}/")
    reviewer.check_words()
    assert page.locator(".sides article").count() == 2
    assert page.locator(".sides [data-state=green]").count() == 0
    assert page.locator(".sides [data-state=red]").count() == 1
    with in_city(CITY):
        alipay.update(registered_at=before)


def _correction(reviewer: Browser, world: World) -> None:
    """A request for correction names its record and cannot be sent twice."""
    with in_city(CITY):
        case = world.desk.case("4W04H6TD" if reviewer.language == "en" else "4W05H6TD")
    page = reviewer.open(f"/staff/cases/{case.number}/")
    told = page.locator("main article", has_text="请核对日期。")
    open_fold(page, reviewer.said("Ask the record's owner to put it right …"))
    form = page.locator("main form:has([name=sent_to])")
    asked = form.locator("[name=fact] option").first.get_attribute("value")
    form.locator("[name=fact]").select_option(index=0)
    form.locator("[name=sent_to]").fill("市公安局")
    form.locator("[name=note]").fill("请核对日期。")
    form.locator("button").click()
    assert told.count() == 1
    reviewer.check_words()
    assert "police-" in told.inner_text()
    # While the answer is awaited, the record is not offered again.
    assert page.locator(f"main form:has([name=sent_to]) option[value='{asked}']").count() == 0


def _ended_early(reviewer: Browser, approver: Browser, number: str) -> None:
    """The timeline continues with the proposal to end the ruling and its end, the latest entry first."""
    page = reviewer.open(f"/staff/cases/{number}/")
    open_fold(page, reviewer.said("End the decision in force early …"))
    form = page.locator("main form[action*='end']")
    form.locator("select").select_option("grounds_untrue")
    form.locator("textarea").fill("核实有误")
    form.locator("button").click()
    page = approver.open("/staff/approvals/?kind=ends")
    approver.check_words()
    assert approver.said("What the decision rested on proved to be untrue") in approver.text
    ending = page.locator("main section", has_text=number)
    ending.locator("button").first.click()
    page = reviewer.open(f"/staff/cases/{number}/")
    reviewer.check_words()
    steps = page.locator(".timeline > li").all_inner_texts()
    ended, asked = (next(place for place, step in enumerate(steps) if reviewer.said(said) in step) for said in ENDS)
    assert ended < asked


def _found(reviewer: Browser, world: World, number: str) -> None:
    """A closed case is found by its number; its citizen by document, by name and year of birth, and by reference."""
    with in_city(CITY):
        ref = Case.objects.get(number=number).citizen.ref
    person = world.citizens[ref]
    by: list[dict[str, str]] = [
        {"text": person.id_number, "purpose": "来电询问"},
        {"text": person.full_name[-2:], "born_in": person.id_number[6:10]},
        {"text": ref},
    ]
    for typed in by:
        page = reviewer.open("/staff/cases/")
        reviewer.check_words()
        for name, value in typed.items():
            page.locator(f"main [name={name}]").fill(value)
        reviewer.send()
        assert number in reviewer.text, typed.keys()
    reviewer.open("/staff/cases/").locator("main [name=text]").fill(number.lower())
    reviewer.send()
    assert reviewer.path == f"/staff/cases/{number}/"


def _closed(reviewer: Browser, world: World, number: str) -> None:
    """After the police revoke the record, the closed case still shows the facts by which it was decided."""
    with in_city(CITY):
        world.desk.revoke(Case.objects.get(number=number).citizen.ref)
        world.desk.run()
    page = reviewer.open(f"/staff/cases/{number}/")
    reviewer.check_words()
    assert page.locator(".sides [data-state=yellow]").count() == 1
    assert page.locator(".sides [data-state=green]").count() == 1


def _silent_source(approver: Browser) -> None:
    """A source whose data is too old is not shown as up to date."""
    fresh = approver.said("Up to date")
    page = approver.open("/staff/sources/")
    approver.check_words()
    assert page.locator("main tbody", has_text=fresh).count() == 1
    for way, rows in ((-1, 0), (1, 1)):
        with in_city(CITY):
            Batch.objects.update(as_of=F("as_of") + way * timedelta(days=3))
        page = approver.open("/staff/sources/")
        assert page.locator("main tbody", has_text=fresh).count() == rows


@pytest.mark.parametrize(("device", "language"), [("desktop", "zh-hans"), ("phone", "en")])
def test_what_is_under_way_comes_true_by_itself(window: Opens, world: World, device: str, language: str) -> None:
    """The pages of a run and of a rehearsal update themselves completely, without being loaded again."""
    world.employ("peng", "彭涛", Role.RULE_MANAGER)
    manager = window(device).staff("peng", language)
    page = manager.page
    with in_city(CITY):
        run = Run.objects.last_settled()
        assert run is not None
        Run.objects.filter(pk=run.pk).update(state=Run.State.EVALUATING, ended_at=None)
    manager.open(f"/staff/runs/{run.pk}/")
    page.evaluate("window.isTheSame = true")
    assert manager.said("Done") not in page.locator("#run h2").first.inner_text()
    with in_city(CITY):
        Run.objects.filter(pk=run.pk).update(state=run.state, ended_at=run.ended_at)
    page.locator("#run h2", has_text=manager.said("Done")).wait_for()
    assert page.locator("#run[hx-get]").count() == 0

    with in_city(CITY):
        RuleSetDraft.objects.filter(state="editing").update(state="dropped")
        draft = drafts.begin(RuleSet.objects.get(code="national").pk, by="peng", now=world.clock())
        job = rehearsal_jobs.ask(draft.pk, by="peng", now=world.clock())
    manager.open(f"/staff/rule-sets/drafts/{draft.pk}/")
    page.evaluate("window.isTheSame = true")
    manager.check_words()
    assert manager.said("Waits for a worker …") in manager.text
    propose = page.locator("main button[name=verb][value=propose]")
    assert propose.count() == 0
    with in_city(CITY):
        assert rehearsal_jobs.rehearse(job.pk, clock=world.clock)
    propose.wait_for()
    assert page.evaluate("window.isTheSame"), "the page was not loaded again"
    assert manager.said("Waits for a worker …") not in manager.text


def test_large_text_leaves_each_provider_room(window: Opens, world: World) -> None:
    """On a desktop as wide as most: what stands beside the evidence goes below it."""
    with in_city(CITY):
        number = Case.objects.undecided().latest("pk").number
    reviewer = window("desktop").staff("li", "zh-hans")
    look = {"name": settings.LOOK_COOKIE_NAME, "value": "light.normal.elder", "url": world.address()}
    reviewer.context.add_cookies([look])  # type: ignore[list-item]
    page = reviewer.open(f"/staff/cases/{number}/")
    assert page.locator("html").get_attribute("data-size") == "elder"
    widths = page.locator(".sides article").evaluate_all("sides => sides.map(one => one.getBoundingClientRect().width)")
    assert min(widths) > 240, widths
