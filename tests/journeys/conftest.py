"""Fixtures of the journeys: one city and one browser for all of them. Each journey has its own windows and is watched."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connections
from playwright.sync_api import Browser as Chrome
from playwright.sync_api import sync_playwright
from pytest_django import DjangoDbBlocker

from regions.tenancy import in_city
from tests.conftest import empty_city
from tests.integration.review.desk import Desk, open_desk
from tests.journeys.chrome import SWITCHES, chrome_or_skip
from tests.journeys.people import DEVICES, Browser
from tests.journeys.watch import Watch, watching
from tests.journeys.world import World, open_world

# Long enough for a busy machine. No test measures speed by it.
SECONDS_TO_WAIT = 60
NEIGHBOUR, CLEARED, ABROAD = "alpha", "6MB4N1QT", "7KD2P5WX"
Opens = Callable[..., Browser]


@pytest.fixture(scope="package")
def program() -> str:
    """The path of the browser. It is requested first, so that nothing is built on a machine without one."""
    return chrome_or_skip()


@pytest.fixture(scope="package")
def world(
    program: str,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """The city and its served portal."""
    with django_db_blocker.unblock(), open_world(tmp_path_factory.mktemp("world")) as opened:
        yield opened


@pytest.fixture(scope="package")
def neighbour(world: World) -> Desk:
    """The other city with two red citizens: one is cleared there by a journey, the other shows a pass in this city."""
    with in_city(NEIGHBOUR):
        empty_city()
        return open_desk({CLEARED: "spacetime_overlap", ABROAD: "spacetime_overlap"}, now=world.clock())


@pytest.fixture(scope="package")
def chrome(program: str, world: World) -> Iterator[Chrome]:
    """The browser. It is closed after the journeys, because other tests must not run inside its driver's event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()
        # Inside the event loop, this thread has a separate database connection, which is closed nowhere else.
        connections.close_all()


@pytest.fixture
def watch(world: World) -> Iterator[Watch]:
    """Check after a journey that no page had errors, no other host was requested, and no ID number was exposed."""
    with watching() as watch:
        yield watch
    assert watch.faults == []
    assert watch.places_of(world.citizens.numbers) == []


@pytest.fixture
def window(world: World, watch: Watch, chrome: Chrome) -> Iterator[Opens]:
    """A function that opens a new browser window with the size of a phone or a desktop."""
    opened = []

    def open_window(device: str = "desktop") -> Browser:
        context = chrome.new_context(**DEVICES[device], locale="de-DE")
        opened.append(context)
        context.set_default_timeout(SECONDS_TO_WAIT * 1000)
        watch.over(context)
        return Browser(context, context.new_page(), world)

    # A person may request only one sign-in code in a minute, and journeys are faster than that.
    world.clock.move(timedelta(minutes=2))
    yield open_window
    for context in opened:
        context.close()
