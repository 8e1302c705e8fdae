"""Measure journeys in the browser: taps, pages shown, seconds. `./run journeys` writes ``docs/journeys.md`` from these measures."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import monotonic

from playwright.sync_api import Frame, Page

# Runs before all scripts of a page. The browser sends this event once for each tap, click or other press.
COUNT_TAPS = "addEventListener('pointerdown', () => window.tappedOnce(), true)"
PROPERTY = "journey"
Records = Callable[[str, object], None]


@dataclass
class Taken:
    """What a journey took. ``seconds`` is the time that the machine needs, without people's reading."""

    journey: str
    device: str
    language: str
    clicks: int = 0
    screens: int = 0
    seconds: float = 0


class Measure:
    """Counts taps and pages in one window. Each journey inside ``taken`` is recorded as a property in the JUnit file."""

    def __init__(self, page: Page, device: str, language: str, record: Records) -> None:
        self._device, self._language, self._record = device, language, record
        self._taps = self._pages = 0
        page.context.expose_binding("tappedOnce", lambda _source: self._tapped())
        page.context.add_init_script(COUNT_TAPS)
        page.on("framenavigated", self._shown)

    @contextmanager
    def taken(self, journey: str) -> Iterator[None]:
        taps, pages, began = self._taps, self._pages, monotonic()
        yield
        found = Taken(journey, self._device, self._language)
        found.clicks, found.screens = self._taps - taps, self._pages - pages
        found.seconds = round(monotonic() - began, 1)
        assert found.clicks > 0
        assert found.screens > 0
        self._record(PROPERTY, json.dumps(asdict(found), ensure_ascii=False))

    def _tapped(self) -> None:
        self._taps += 1

    def _shown(self, frame: Frame) -> None:
        if frame.parent_frame is None:
            self._pages += 1
