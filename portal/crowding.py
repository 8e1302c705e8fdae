"""What the web server does with more requests than it can carry: it takes as many as are answered soon, and the others are told at once.

A request waits for a thread. Once so many wait that the next would be answered late, it is refused before its body is read: with a
short page that renews itself, and with a problem where a program asks (``docs/adr/0062-showing-goes-on.md``). Mostly it is refused at
the door, before anything is made for its connection (``docs/adr/0080-refusing-costs-little.md``).
"""

import json
import logging
import random
import sys
import time
from collections.abc import Sized
from functools import cache
from socket import MSG_DONTWAIT, MSG_PEEK, socket

from django.template.loader import render_to_string
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer
from waitress.task import ThreadedTaskDispatcher

from portal.answering import wants_problem
from portal.api.errors import MEDIA_TYPE, ApiErrorCode, problem

# Requests that wait beside each one that is answered: what a moment brings more is carried, and nobody waits for long.
WAITING_PER_THREAD = 4
# Spread, so that those who were refused in one instant do not come back in one. A pass that was about to end has so long.
LEAST_SECONDS, MOST_SECONDS = 3, 10
TOLD_SECONDS = 60
ACCEPTED_AT_ONCE = 64
DOOR_BYTES = 32 * 1024
SWITCH_SECONDS = 0.0005
# Whether the process lives and is ready is asked most of all when it has much to do.
ALWAYS_TAKEN = ("/healthz/",)

log = logging.getLogger(__name__)

Answer = tuple[str, list[tuple[str, str]], bytes]


class Crowd:
    """The requests that wait for a thread of this process, and how many may."""

    def __init__(self, waiting: Sized, *, most: int) -> None:
        self._waiting = waiting
        self._most = most
        self._refused = 0
        self._refused_at = self._told_at = float("-inf")

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= self._most

    @property
    def was_full_lately(self) -> bool:
        return time.monotonic() - self._refused_at < TOLD_SECONDS

    def turns_away(self, path: str) -> bool:
        """Whether a request that has just arrived is refused. Once a minute the log says how many were."""
        if not self.is_full or path.startswith(ALWAYS_TAKEN):
            return False
        self._refused += 1
        self._refused_at = time.monotonic()
        if self._refused_at - self._told_at >= TOLD_SECONDS:
            log.warning("%d requests refused: more arrived than can be answered", self._refused)
            self._refused, self._told_at = 0, self._refused_at
        return True


class Crowded:
    """Stands as the error of a request that is refused; waitress asks it for the answer and closes the connection."""

    def __init__(self, path: str) -> None:
        self._path = path

    def to_response(self, _ident: str | None) -> Answer:
        return _answer(_seconds(), by_program=wants_problem(self._path))


def _seconds() -> int:
    return random.randrange(LEAST_SECONDS, MOST_SECONDS)  # noqa: S311 - nothing is guessed by it


@cache
def _answer(seconds: int, *, by_program: bool) -> Answer:
    headers = [
        ("Content-Type", MEDIA_TYPE if by_program else "text/html; charset=utf-8"),
        ("Retry-After", str(seconds)),
        ("Cache-Control", "no-store"),
    ]
    text = short_problem(seconds) if by_program else short_page(seconds)
    return "503 Service Unavailable", headers, text.encode()


@cache
def _as_sent(seconds: int, *, by_program: bool) -> bytes:
    """The same as it goes over the line."""
    status, headers, body = _answer(seconds, by_program=by_program)
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def short_page(seconds: object) -> str:
    """``seconds``: a number, or the proxy's variable for it (``manage.py draw_crowded``)."""
    return render_to_string("errors/crowded.html", {"seconds": seconds})


def short_problem(seconds: object) -> str:
    return json.dumps(problem(503, ApiErrorCode.CROWDED, {"seconds": seconds}), ensure_ascii=False)


def turn_away(request: HTTPRequestParser, path: str) -> None:
    """Refuse it: nothing more of it is read."""
    request.error = Crowded(path)
    request.expect_continue = False
    request.completed = True


def turn_away_crowds(server: BaseWSGIServer) -> None:
    """Give the server its bound, and those beyond it a thread of their own: they are told so while all others wait for something."""
    at_work = server.task_dispatcher
    crowd = server.adj.crowd = Crowd(at_work.queue, most=server.adj.threads * WAITING_PER_THREAD)
    refusing = ThreadedTaskDispatcher()
    refusing.set_thread_count(1)
    usual = sys.getswitchinterval()

    def add_task(channel: HTTPChannel) -> None:
        is_refused = isinstance(channel.requests[0].error, Crowded)
        (refusing if is_refused else at_work).add_task(channel)

    def accept_many() -> None:
        """waitress takes in one connection and looks at all that are open before the next: too slow where hundreds come.

        Nor do threads that compute keep it waiting as long as usual then, as each of them does whenever it looks at a connection.
        """
        sys.setswitchinterval(SWITCH_SECONDS if crowd.was_full_lately else usual)
        for _nth in range(ACCEPTED_AT_ONCE):
            found = server.accept()
            if found is None:
                return
            line, address = found
            if not _is_refused_at_the_door(line, crowd):
                server.set_socket_options(line)
                server.channel_class(server, line, server.fix_addr(address), server.adj, map=server._map)

    server.add_task = add_task
    server.handle_accept = accept_many


def _is_refused_at_the_door(line: socket, crowd: Crowd) -> bool:
    """Answer and close a connection on which a whole request without a body has arrived already, if it is refused."""
    if not crowd.is_full:
        return False
    try:
        request = line.recv(DOOR_BYTES, MSG_PEEK | MSG_DONTWAIT)
        if not (request.startswith(b"GET ") and request.endswith(b"\r\n\r\n")):
            return False
        path = request.split(b" ", 2)[1].decode("latin-1")
        if not crowd.turns_away(path):
            return False
        line.recv(DOOR_BYTES)  # what was not taken in when it is closed would take the answer back
        line.send(_as_sent(_seconds(), by_program=wants_problem(path)))
        line.close()
    except BlockingIOError:  # nothing has arrived yet
        return False
    except OSError:  # whoever asked is gone
        line.close()
    return True
