"""Overload of the web server: it accepts as many requests as it can answer soon and refuses the others at once.

A request waits for a thread. If so many wait that the next would be answered late, it is refused before its body is read: with a
short page that reloads itself, or with a problem for programs (``docs/adr/0062-showing-goes-on.md``). Most are refused when their
connection is accepted, before any object is created for it (``docs/adr/0080-refusing-costs-little.md``).
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

# Waiting requests per thread: short peaks are absorbed, and nobody waits for long.
WAITING_PER_THREAD = 4
# Random, so that clients refused at the same instant do not return at the same instant. Passes are valid for at least that long.
LEAST_SECONDS, MOST_SECONDS = 3, 10
TOLD_SECONDS = 60
ACCEPTED_AT_ONCE = 64
DOOR_BYTES = 32 * 1024
SWITCH_SECONDS = 0.0005
# Health checks are most important when the process is busy.
ALWAYS_TAKEN = ("/healthz/",)

log = logging.getLogger(__name__)

Answer = tuple[str, list[tuple[str, str]], bytes]


class Crowd:
    """The requests that wait for a thread of this process, and their maximum."""

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
        """Return whether a request that has just arrived is refused. The number of refusals is logged once a minute."""
        if not self.is_full or path.startswith(ALWAYS_TAKEN):
            return False
        self._refused += 1
        self._refused_at = time.monotonic()
        if self._refused_at - self._told_at >= TOLD_SECONDS:
            log.warning("%d requests refused: more arrived than can be answered", self._refused)
            self._refused, self._told_at = 0, self._refused_at
        return True


class Crowded:
    """The error of a refused request; waitress asks it for the answer and closes the connection."""

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
    """Return the same answer as bytes on the wire."""
    status, headers, body = _answer(seconds, by_program=by_program)
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def short_page(seconds: object) -> str:
    """Return the page; ``seconds`` is a number, or the proxy's variable for it (``manage.py draw_crowded``)."""
    return render_to_string("errors/crowded.html", {"seconds": seconds})


def short_problem(seconds: object) -> str:
    return json.dumps(problem(503, ApiErrorCode.CROWDED, {"seconds": seconds}), ensure_ascii=False)


def turn_away(request: HTTPRequestParser, path: str) -> None:
    """Refuse the request; nothing more of it is read."""
    request.error = Crowded(path)
    request.expect_continue = False
    request.completed = True


def turn_away_crowds(server: BaseWSGIServer) -> None:
    """Set the server's maximum, and give refused requests a thread of their own, so that they are answered while all others wait."""
    at_work = server.task_dispatcher
    crowd = server.adj.crowd = Crowd(at_work.queue, most=server.adj.threads * WAITING_PER_THREAD)
    refusing = ThreadedTaskDispatcher()
    refusing.set_thread_count(1)
    usual = sys.getswitchinterval()

    def add_task(channel: HTTPChannel) -> None:
        is_refused = isinstance(channel.requests[0].error, Crowded)
        (refusing if is_refused else at_work).add_task(channel)

    def accept_many() -> None:
        """Accept many connections at once. waitress accepts one and then polls all that are open, which is too slow for hundreds.

        Under load, the interpreter's switch interval is shortened, so that computing threads do not delay the accepting thread each
        time.
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
    """Answer and close a connection on which a complete request without a body has arrived, if it is refused. Return whether it was."""
    if not crowd.is_full:
        return False
    try:
        request = line.recv(DOOR_BYTES, MSG_PEEK | MSG_DONTWAIT)
        if not (request.startswith(b"GET ") and request.endswith(b"\r\n\r\n")):
            return False
        path = request.split(b" ", 2)[1].decode("latin-1")
        if not crowd.turns_away(path):
            return False
        line.recv(DOOR_BYTES)  # unread data at closing would reset the connection and discard the answer
        line.send(_as_sent(_seconds(), by_program=wants_problem(path)))
        line.close()
    except BlockingIOError:  # nothing has arrived yet
        return False
    except OSError:  # the client is gone
        line.close()
    return True
