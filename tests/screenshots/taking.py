"""Taking the pictures."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path

from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright

from codes.models import Citizen
from codes.passes.issuing import issue_pass
from portal.web.display import DisplayPreferences
from regions.tenancy import in_city
from tests.journeys.chrome import SWITCHES
from tests.journeys.gallery import Picture, hang
from tests.journeys.people import DEVICES
from tests.journeys.world import CITY, World, open_world
from tests.own_database import session_database
from tests.screenshots.guide import FOR_GUIDE, keep_small


def take(
    program: str,
    folder: Path,
    *,
    into: Path,
    only: Sequence[str],
    languages: Iterable[str],
    devices: Iterable[str],
    for_guide: bool,
) -> int:
    """How many pictures were taken. ``only``: names of addresses, none for all."""
    count = 0
    with session_database(), open_world(folder) as world:
        pictures = hang(world)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
            if for_guide:
                shots = _for_guide(browser, world, pictures, languages)
            else:
                chosen = [picture for picture in pictures if not only or picture.name in only]
                shots = _all(browser, world, chosen, into, product(languages, devices))
            for _path in shots:
                count += 1
            browser.close()
            connections.close_all()
    return count


def _all(
    browser: Browser, world: World, pictures: Sequence[Picture], into: Path, ways: Iterable[tuple[str, str]]
) -> Iterator[Path]:
    """``screenshots/<language>-<device>/<name>.png``, each page in its whole length."""
    for language, device in ways:
        context = browser.new_context(**DEVICES[device])
        page = context.new_page()
        for picture in pictures:
            where = f"{picture.host.partition('.')[0]}-" if picture.host == "localhost" else ""
            path = into / f"{language}-{device}" / f"{where}{picture.name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            _open(page, picture, world, language)
            page.screenshot(path=path, full_page=True)
            yield path
        context.close()


def _for_guide(browser: Browser, world: World, pictures: Sequence[Picture], languages: Iterable[str]) -> Iterator[Path]:
    """The few that the guides show, cut to what they are about."""
    by_name = {picture.name: picture for picture in pictures if picture.host != "localhost"}
    by_name |= {f"operator:{picture.name}": picture for picture in pictures if picture.host == "localhost"}
    for language in languages:
        for name, shot in FOR_GUIDE.items():
            context = browser.new_context(viewport={"width": shot.width, "height": shot.height})
            page = context.new_page()
            _open(page, by_name[name], world, language)
            if shot.scans:
                _scan(page, shot.scans, world)
            path = Path("docs", "guide", "pictures", language, f"{name.rpartition(':')[2]}.png")
            keep_small(page.screenshot(), path)
            yield path
            context.close()


def _scan(page: Page, ref: str, world: World) -> None:
    """As a hand scanner does: type and Enter."""
    with in_city(CITY):
        token, _said = issue_pass(Citizen.objects.get(ref=ref), now=world.clock())
    page.keyboard.insert_text(token)
    page.keyboard.press("Enter")
    page.wait_for_selector("#result[data-result=ok]")


def _open(page: Page, picture: Picture, world: World, language: str) -> None:
    picture.enter(page.context, world, language=language, look=DisplayPreferences())
    page.goto(world.address(picture.path, host=picture.host))
