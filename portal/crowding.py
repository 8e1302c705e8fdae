"""What the web server does with more requests than it can carry: it takes as many as are answered soon, and the others are told at once.

A request waits for a thread. Once so many wait that the next would be answered late, it is refused before its body is read: with a
short page that renews itself, and with a problem where a program asks (``docs/adr/0062-showing-goes-on.md``).
"""

import json
import logging
import random
import time
from collections.abc import Sized
from functools import cache

from django.template.loader import render_to_string
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer
from waitress.task import ThreadedTaskDispatcher

from portal.api.errors import MEDIA_TYPE, ApiErrorCode, problem
from portal.suspended import BY_PROGRAMS

# Requests that wait beside each one that is answered: what a moment brings more is carried, and nobody waits for long.
WAITING_PER_THREAD = 4
# Spread, so that those who were refused in one instant do not come back in one. A pass that was about to end has so long.
LEAST_SECONDS, MOST_SECONDS = 3, 10
TOLD_SECONDS = 60
# Whether the process lives and is ready is asked most of all when it has much to do.
ALWAYS_TAKEN = ("/healthz/",)

log = logging.getLogger(__name__)


class Crowd:
    """The requests that wait for a thread of this process, and how many may."""

    def __init__(self, waiting: Sized, *, most: int) -> None:
        self._waiting = waiting
        self._most = most
        self._refused = 0
        self._told_at = float("-inf")

    def turns_away(self, path: str) -> bool:
        """Whether a request that has just arrived is refused. Once a minute the log says how many were."""
        if len(self._waiting) < self._most or path.startswith(ALWAYS_TAKEN):
            return False
        self._refused += 1
        if time.monotonic() - self._told_at >= TOLD_SECONDS:
            log.warning("%d requests refused: more arrived than can be answered", self._refused)
            self._refused, self._told_at = 0, time.monotonic()
        return True


class Crowded:
    """Stands as the error of a request that is refused; waitress asks it for the answer and closes the connection."""

    def __init__(self, path: str) -> None:
        self._path = path

    def to_response(self, _ident: str | None) -> tuple[str, list[tuple[str, str]], bytes]:
        seconds = random.randrange(LEAST_SECONDS, MOST_SECONDS)  # noqa: S311 - nothing is guessed by it
        by_program = self._path.startswith(BY_PROGRAMS)
        headers = [
            ("Content-Type", MEDIA_TYPE if by_program else "text/html; charset=utf-8"),
            ("Retry-After", str(seconds)),
            ("Cache-Control", "no-store"),
        ]
        return "503 Service Unavailable", headers, _problem(seconds) if by_program else _page(seconds)


@cache
def _page(seconds: int) -> bytes:
    return render_to_string("errors/crowded.html", {"seconds": seconds}).encode()


@cache
def _problem(seconds: int) -> bytes:
    return json.dumps(problem(503, ApiErrorCode.CROWDED, {"seconds": seconds})).encode()


def turn_away(request: HTTPRequestParser, path: str) -> None:
    """Refuse it: nothing more of it is read."""
    request.error = Crowded(path)
    request.expect_continue = False
    request.completed = True


def turn_away_crowds(server: BaseWSGIServer) -> None:
    """Give the server its bound, and those beyond it a thread of their own: they are told so while all others wait for something."""
    at_work = server.task_dispatcher
    server.adj.crowd = Crowd(at_work.queue, most=server.adj.threads * WAITING_PER_THREAD)
    refusing = ThreadedTaskDispatcher()
    refusing.set_thread_count(1)

    def add_task(channel: HTTPChannel) -> None:
        is_refused = isinstance(channel.requests[0].error, Crowded)
        (refusing if is_refused else at_work).add_task(channel)

    server.add_task = add_task
