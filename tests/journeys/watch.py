"""What must not happen on any journey: errors of a page, requests elsewhere, ID numbers where they can be read."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from celery.signals import task_prerun
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request

# A browser says so about every page whose status is no success; the status itself is the journey's to judge.
STATUS = "Failed to load resource: the server responded with a status of 4"
# Only a browser that the journey took off-line says so.
OFF_LINE = "Failed to load resource: net::ERR_INTERNET_DISCONNECTED"


class Watch(logging.Handler):
    """Listens to a journey's browsers, to the server's log and to the tasks."""

    def __init__(self) -> None:
        super().__init__(level=logging.INFO)
        self.faults: list[str] = []
        self.addresses: list[str] = []
        self.told: list[str] = []

    def over(self, context: BrowserContext) -> None:
        """Everything the pages of this browser do."""
        context.on("request", self._requested)
        context.on("page", self._opened)
        context.on("console", self._said)

    def _opened(self, page: Page) -> None:
        page.on("pageerror", self._broke)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith((STATUS, OFF_LINE)):
            self.faults.append(f"{message.type} on the console: {message.text}")

    def _broke(self, error: Error) -> None:
        self.faults.append(f"a script broke: {error.message}")

    def _requested(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if host != "localhost" and not host.endswith(".localhost"):
            self.faults.append(f"a request elsewhere: {request.url}")
        self.addresses.append(unquote(request.url))

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the log, with what it was made from."""
        self.told.append(f"{record.getMessage()} {record.exc_text or ''}")

    def enqueued(self, args: Any = (), kwargs: Any = None, **_: Any) -> None:
        """The arguments of a task."""
        self.told.append(f"task {args} {kwargs}")

    def places_of(self, numbers: list[str]) -> list[str]:
        """Where an ID number can be read: addresses, log, arguments of tasks. Keys of the cache are stored hashed."""
        return [text for text in (*self.addresses, *self.told) if any(number in text for number in numbers)]


@contextmanager
def watching() -> Iterator[Watch]:
    """Listen for the block."""
    watch, root = Watch(), logging.getLogger()
    before = root.level
    root.addHandler(watch)
    root.setLevel(logging.INFO)
    task_prerun.connect(watch.enqueued)
    try:
        yield watch
    finally:
        task_prerun.disconnect(watch.enqueued)
        root.setLevel(before)
        root.removeHandler(watch)
