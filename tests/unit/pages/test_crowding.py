"""Who is refused at the door is answered and closed; whoever is not, or has not said all, finds what they sent untouched."""

import socket
from collections.abc import Iterator

import pytest

from portal.crowding import Crowd, _is_refused_at_the_door

FULL, ROOM = Crowd([0, 0], most=2), Crowd([0], most=2)
WHOLE = b"GET /code/ HTTP/1.1\r\nHost: alpha.localhost\r\n\r\n"


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The browser's end, and the server's."""
    browser, server = socket.socketpair()
    with browser, server:
        browser.settimeout(5)
        yield browser, server


@pytest.mark.parametrize(
    ("path", "told"), [(b"/code/", b"text/html"), (b"/api/v1/codes", b"application/problem+json")], ids=["page", "api"]
)
def test_whoever_is_too_many_is_told_and_closed(
    line: tuple[socket.socket, socket.socket], path: bytes, told: bytes
) -> None:
    browser, server = line
    browser.sendall(WHOLE.replace(b"/code/", path))
    assert _is_refused_at_the_door(server, FULL)
    answer = b"".join(iter(lambda: browser.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"Content-Type: " + told in head
    assert b"Retry-After: " in head
    assert b"Content-Length: %d\r\nConnection: close" % len(body) in head
    assert body


@pytest.mark.parametrize(
    ("sent", "crowd"),
    [
        (WHOLE, ROOM),
        (WHOLE.replace(b"/code/", b"/healthz/live"), FULL),
        (WHOLE[:-2], FULL),
        (WHOLE.replace(b"GET", b"POST"), FULL),
        (b"", FULL),
    ],
    ids=["room", "probe", "half", "form", "nothing yet"],
)
def test_all_others_go_on(line: tuple[socket.socket, socket.socket], sent: bytes, crowd: Crowd) -> None:
    browser, server = line
    browser.sendall(sent)
    assert not _is_refused_at_the_door(server, crowd)
    browser.shutdown(socket.SHUT_WR)
    assert server.recv(65536) == sent


def test_whoever_has_gone_is_closed(line: tuple[socket.socket, socket.socket]) -> None:
    browser, server = line
    browser.sendall(WHOLE)
    browser.close()
    assert _is_refused_at_the_door(server, FULL)
    assert server.fileno() == -1
