"""What must not happen in any journey: errors of a page, requests to other hosts, exposed ID numbers."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from celery.signals import task_prerun
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request

# The browser logs this for every response with an error status. The journey itself checks the status.
STATUS = "Failed to load resource: the server responded with a status of 4"
# Logged only by a browser that the journey has set off-line.
OFF_LINE = "Failed to load resource: net::ERR_INTERNET_DISCONNECTED"


class Watch(logging.Handler):
    """Records what happens in a journey's browsers, the lines of the server's log and the arguments of tasks."""

    def __init__(self) -> None:
        super().__init__(level=logging.INFO)
        self.faults: list[str] = []
        self.addresses: list[str] = []
        self.told: list[str] = []

    def over(self, context: BrowserContext) -> None:
        """Record everything that the pages of this browser do."""
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
        """Record a line of the log with the text of its exception."""
        self.told.append(f"{record.getMessage()} {record.exc_text or ''}")

    def enqueued(self, args: Any = (), kwargs: Any = None, **_: Any) -> None:
        """Record the arguments of a task."""
        self.told.append(f"task {args} {kwargs}")

    def places_of(self, numbers: list[str]) -> list[str]:
        """Return the addresses, log lines and tasks' arguments with an ID number. Cache keys need no check: they are hashed."""
        return [text for text in (*self.addresses, *self.told) if any(number in text for number in numbers)]


@contextmanager
def watching() -> Iterator[Watch]:
    """Record for the block."""
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
