"""The web server in its own process, and the proxy of deploy/ in front of it: slow browsers block nobody."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.web_server.proxy import opens_tls, proxied
from tests.integration.web_server.serving import HOST, Open, asked, opens, status

SLOW = 50
MIB = 2**20


@pytest.fixture
def proxy_port(web_port: int, tmp_path: Path) -> Iterator[int]:
    with proxied(tmp_path, {"127.0.0.1:8001": f"127.0.0.1:{web_port}"}) as port:
        yield port


def hold(stack: ExitStack, open_one: Open, beginning: str) -> None:
    connection = stack.enter_context(open_one())
    connection.sendall(beginning.replace("\n", "\r\n").encode())


def assert_slow_browsers_hold_nobody_up(open_one: Open) -> None:
    """Half a header, a body that comes in drops, an answer that nobody reads: a page is answered beside all of them."""
    with ExitStack() as stack:
        for _ in range(SLOW):
            hold(stack, open_one, "GET / HTTP/1.1\nHost: alpha.loc")
            hold(
                stack,
                open_one,
                f"POST /sign-in/ HTTP/1.1\nHost: {HOST}\nContent-Type: application/x-www-form-urlencoded\n"
                "Content-Length: 1000\n\nnumber=5",
            )
        for _ in range(3):  # fewer than may wait for the one thread
            hold(stack, open_one, f"GET / HTTP/1.1\nHost: {HOST}\n\n")
        assert asked(open_one, "GET / HTTP/1.1") == 200


def assert_large_bodies_are_refused_unread(open_one: Open, *, path: str, most: int) -> None:
    """By what the header announces; of a body in chunks, once it is over. Nobody waits for the rest."""
    assert asked(open_one, f"POST {path} HTTP/1.1\r\nContent-Length: {200 * MIB}", b"x" * 100) == 413
    chunk = b"10000\r\n" + b"x" * 2**16 + b"\r\n"
    with open_one() as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(most // 2**16 + 64):
                connection.sendall(chunk)
        except (ConnectionError, ssl.SSLError):
            return  # closed in our face, before we read why
        assert status(connection) == 413


def test_slow_browsers_hold_no_thread(web_port: int) -> None:
    assert_slow_browsers_hold_nobody_up(opens(web_port))


def test_a_stranger_sends_no_more_than_a_form(web_port: int) -> None:
    for path in ("/sign-in/", "/appeal/evidence/", "/staff/reports/verify/"):
        assert_large_bodies_are_refused_unread(opens(web_port), path=path, most=MIB)


def test_the_shipped_proxy_waits_for_slow_browsers(proxy_port: int, tmp_path: Path) -> None:
    open_one = opens_tls(proxy_port, tmp_path)
    assert_slow_browsers_hold_nobody_up(open_one)
    assert_large_bodies_are_refused_unread(open_one, path="/sign-in/", most=MIB)
    assert asked(open_one, "GET /staff/enrol/abc/ HTTP/1.1") == 302
    assert "enrol" not in (tmp_path / "portal.log").read_text(encoding="utf-8")
