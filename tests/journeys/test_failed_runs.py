"""The day's run fails: open pages show it without being loaded again, state what to do, and show when it is over."""

from datetime import datetime, time, timedelta

import pytest
from django.template.defaultfilters import date as in_words
from django.utils import timezone, translation

from codes.models import Run
from codes.runs.ledger import PAUSE_AFTER_FAILURE
from codes.runs.steps import run_here
from codes.tasks import sum_up_cities
from regions.leased_jobs import MAX_ATTEMPTS
from regions.staff.roles import Role
from regions.tenancy import current_city, in_city
from tests.journeys.conftest import Opens
from tests.journeys.people import Browser
from tests.journeys.world import CITY, OPERATOR, World

IN_THE_MORNING = time(8)
# The longest interval at which these pages ask for changes.
A_MINUTE = 61_000
NOTICE = "main .notice-error"


@pytest.fixture
def yesterday(world: World) -> Run:
    """The last settled run, of the day before."""
    with in_city(CITY):
        run = world.desk.run()
        city = current_city()
        morning = datetime.combine(city.day_of(world.clock()) + timedelta(days=1), IN_THE_MORNING, city.zone)
        world.clock.move(morning - world.clock())
    return run


@pytest.mark.parametrize(("device", "language"), [("phone", "zh-hans"), ("desktop", "en")])
def test_a_run_that_fails_is_told_and_gets_well(
    window: Opens, world: World, yesterday: Run, monkeypatch: pytest.MonkeyPatch, device: str, language: str
) -> None:
    world.employ("fang", "方圆", Role.SOURCE_MANAGER)
    manager = standing_open(window(device).staff("fang", language), "/staff/")
    reviewer = standing_open(window(device).staff("li", language), "/staff/runs/")
    dashboard = standing_open(window(device).staff("wang", language), "/staff/dashboard/")
    operator = standing_open(operators(window(device), language), "/", host="localhost")
    officials = (manager, reviewer, dashboard)
    assert not any(one.page.locator(NOTICE).count() for one in officials)

    failed = fails(world, monkeypatch)
    a_minute_later(*officials, operator)
    for one in officials:
        _told(one, failed, yesterday)
    _seen_from_afar(operator, yesterday)
    _read_on_its_page(reviewer, failed)
    assert reviewer.page.locator(NOTICE).get_by_role("button").count() == 0
    assert manager.page.locator(NOTICE).get_by_role("button", name=manager.said("Recompute now")).is_visible()

    with in_city(CITY):
        again = world.desk.run(world.clock())
    a_minute_later(*officials, operator)
    for one in officials:
        one.page.locator(NOTICE).wait_for(state="detached")
        assert one.page.evaluate("window.isTheSame"), "no page was loaded again"
    over = reviewer.page.locator(
        "#run", has_text=reviewer.said("That is over: what is shown is what a later run settled:")
    )
    assert over.locator(f"a[href='/staff/runs/{again.pk}/']").is_visible()
    assert operator.page.locator(f"tr:has(a[href$='/cities/{CITY}/']) time[datetime='{again.day}']").is_visible()


def standing_open(one: Browser, path: str, **where: str) -> Browser:
    """Open a page that is not touched from then on and whose clock can be moved forward. Return the browser."""
    one.page.clock.install()
    one.open(path, **where)
    one.page.evaluate("window.isTheSame = true")
    return one


def operators(one: Browser, language: str) -> Browser:
    one.open("/sign-in/", host="localhost")
    one.in_language(language).sign_in_as_staff(OPERATOR, door="/sign-in/", host="localhost")
    return one


def fails(world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Let a run fail by three unexpected errors after everybody has been judged. Return the run."""

    def broken(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    with in_city(CITY), monkeypatch.context() as patch:
        patch.setattr("codes.runs.steps.settle", broken)
        with pytest.raises(OSError, match="space"):
            world.desk.run(world.clock())
        run = Run.objects.latest("pk")
        for _attempt in range(MAX_ATTEMPTS - 1):
            with pytest.raises(OSError, match="space"):
                run_here(run.pk, clock=world.clock, progress=lambda _: None)
        run.refresh_from_db()
    assert run.state == Run.State.FAILED
    return run


def a_minute_later(*standing: Browser) -> None:
    sum_up_cities()
    for one in standing:
        one.page.clock.fast_forward(A_MINUTE)


def _told(one: Browser, failed: Run, yesterday: Run) -> None:
    """The notice states that the run failed and why, which results apply meanwhile and since when, and what happens next."""
    one.page.locator(NOTICE).wait_for()
    one.check_words()
    notice = one.page.locator(NOTICE).inner_text()
    with in_city(CITY):
        assert failed.ended_at
        zone, again_at = current_city().zone, failed.ended_at + PAUSE_AFTER_FAILURE
    with translation.override(one.language), timezone.override(zone):
        for day in (failed.day, yesterday.day):
            assert in_words(day, "DATE_FORMAT") in notice
        for at in (failed.ended_at, yesterday.as_of, again_at):
            assert in_words(timezone.localtime(at), "DATETIME_FORMAT") in notice
        why = one.said(
            "Everybody had been judged; when the results were to be put in force, an error stopped it {attempts} times."
        )
    assert why.format(attempts=3) in notice


def _seen_from_afar(operator: Browser, yesterday: Run) -> None:
    """The operator sees that the run failed and of which run the colours are."""
    row = f"main tr:has(a[href$='/cities/{CITY}/'])"
    city = operator.page.locator(row)
    city.locator("strong", has_text=operator.said("Failed")).wait_for()
    with translation.override(operator.language):
        assert in_words(yesterday.day, "DATE_FORMAT") in city.inner_text()
    operator.check_words(row)


def _read_on_its_page(reviewer: Browser, failed: Run) -> None:
    """The run's page shows the technical error message, and counts nothing that did not happen."""
    reviewer.page.locator(NOTICE).locator(f"a[href='/staff/runs/{failed.pk}/']").click()
    reviewer.page.wait_for_url(f"**/runs/{failed.pk}/")
    reviewer.page.evaluate("window.isTheSame = true")
    reviewer.check_words()
    assert reviewer.text.count("No space left on device") == 3
    assert reviewer.said("Nothing: what it had judged was put aside when it failed.") in reviewer.text
