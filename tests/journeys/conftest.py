"""One world and one browser for all journeys; each journey has windows of its own, and is watched."""

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

# Long enough for a machine that does much else: nothing is measured by it.
SECONDS_TO_WAIT = 60
NEIGHBOUR, CLEARED, ABROAD = "alpha", "6MB4N1QT", "7KD2P5WX"
Opens = Callable[..., Browser]


@pytest.fixture(scope="package")
def program() -> str:
    """First of all, so that nothing is built where there is no browser."""
    return chrome_or_skip()


@pytest.fixture(scope="package")
def world(
    program: str,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """The city and its portal."""
    with django_db_blocker.unblock(), open_world(tmp_path_factory.mktemp("world")) as opened:
        yield opened


@pytest.fixture(scope="package")
def neighbour(world: World) -> Desk:
    """The other city: somebody whom a journey clears there, and somebody whose pass is shown here; both red."""
    with in_city(NEIGHBOUR):
        empty_city()
        return open_desk({CLEARED: "spacetime_overlap", ABROAD: "spacetime_overlap"}, now=world.clock())


@pytest.fixture(scope="package")
def chrome(program: str, world: World) -> Iterator[Chrome]:
    """The machine's own browser. It ends with the journeys: its driver's event loop is no place for other tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()
        # While the loop runs this thread has a connection of its own for it, which nobody else would close.
        connections.close_all()


@pytest.fixture
def watch(world: World) -> Iterator[Watch]:
    """After a journey: nothing broke, nothing was asked of others, no ID number can be read anywhere."""
    with watching() as watch:
        yield watch
    assert watch.faults == []
    assert watch.places_of(world.citizens.numbers) == []


@pytest.fixture
def window(world: World, watch: Watch, chrome: Chrome) -> Iterator[Opens]:
    """Opens a fresh browser at a phone or a desktop."""
    opened = []

    def open_window(device: str = "desktop") -> Browser:
        context = chrome.new_context(**DEVICES[device], locale="de-DE")
        opened.append(context)
        context.set_default_timeout(SECONDS_TO_WAIT * 1000)
        watch.over(context)
        return Browser(context, context.new_page(), world)

    # Nobody may ask for a sign-in code twice within a minute, and journeys are quick.
    world.clock.move(timedelta(minutes=2))
    yield open_window
    for context in opened:
        context.close()
