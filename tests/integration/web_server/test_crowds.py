"""More requests than the web server can process: some wait, and the others are refused at once."""

import json
import select
import socket
import time
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from tests.integration.web_server.proxy import opens_tls, proxied
from tests.integration.web_server.serving import ANSWERED_SECONDS, HOST, Open, asked, free_port, opens
from tests.own_database import raw_owner, waiting_for

# One thread answers one request, and so many more wait for it (``portal.crowding``).
WAITING = 4
TENFOLD = 50
LOCK = "BEGIN; LOCK TABLE regions_domain IN ACCESS EXCLUSIVE MODE"


def sent(stack: ExitStack, open_one: Open, path: str, method: str = "GET", more: str = "") -> socket.socket:
    line = stack.enter_context(open_one())
    line.sendall(f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{more}\r\n".encode())
    return line


def answered(line: socket.socket) -> HTTPResponse:
    """Raises TimeoutError where nothing comes."""
    answer = HTTPResponse(line)
    answer.begin()
    return answer


def test_of_ten_times_as_many_as_it_can_carry_the_others_are_told_at_once(web_port: int) -> None:
    """Nobody is served while the table of hosts is locked; the short page comes all the same."""
    open_one = opens(web_port)
    assert asked(open_one, "GET / HTTP/1.1") == 200
    with raw_owner() as owner, owner.cursor() as cursor, ExitStack() as stack:
        cursor.execute(LOCK)
        first = sent(stack, open_one, "/")
        wait_until_locked_out(cursor)
        others = [sent(stack, open_one, "/") for _ in range(TENFOLD)]
        refused = wait_for_answers(others, TENFOLD - WAITING)
        for line in refused:
            assert_is_the_short_page(answered(line))
        form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n"
        assert_is_the_short_page(answered(sent(stack, open_one, "/sign-in/", "POST", form)))
        assert_is_the_short_problem(answered(sent(stack, open_one, "/api/v1/schema")))
        cursor.execute("COMMIT")
        taken = [first, *(line for line in others if line not in refused)]
        assert [answered(line).status for line in taken] == [200] * (1 + WAITING)
    assert asked(open_one, "GET / HTTP/1.1") == 200


def test_the_shipped_proxy_hands_on_what_can_be_carried_and_tells_the_others_itself(
    web_port: int, tmp_path: Path
) -> None:
    """Fewer than the web server would take, so that all of these answers are the proxy's."""
    most = WAITING - 1
    upstream = {"127.0.0.1:8001 max_conns=20": f"127.0.0.1:{web_port} max_conns={most}"}
    with proxied(tmp_path, upstream) as port, raw_owner() as owner, owner.cursor() as cursor, ExitStack() as stack:
        open_one = opens_tls(port, tmp_path)
        assert asked(open_one, "GET / HTTP/1.1") == 200
        cursor.execute(LOCK)
        taken = [sent(stack, open_one, "/") for _ in range(most)]
        wait_until_locked_out(cursor)
        for _ in range(TENFOLD):
            assert_is_the_short_page(answered(sent(stack, open_one, "/")))
        form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n"
        assert_is_the_short_page(answered(sent(stack, open_one, "/sign-in/", "POST", f"{form}\r\na=b")))
        for path in ("/api/v1/schema", "/api/v1/entries", "/gate/check/"):
            assert_is_the_short_problem(answered(sent(stack, open_one, path)))
        cursor.execute("COMMIT")
        assert [answered(line).status for line in taken] == [200] * most


def test_the_shipped_proxy_says_the_same_while_no_web_server_is_there(tmp_path: Path) -> None:
    with proxied(tmp_path, {"127.0.0.1:8001": f"127.0.0.1:{free_port()}"}) as port, ExitStack() as stack:
        open_one = opens_tls(port, tmp_path)
        assert_is_the_short_page(answered(sent(stack, open_one, "/")))
        assert_is_the_short_problem(answered(sent(stack, open_one, "/api/v1/schema")))


def wait_until_locked_out(cursor: Any) -> None:
    """Until the one thread waits for the table, so that whatever comes next waits for the thread."""
    deadline = time.monotonic() + ANSWERED_SECONDS
    while time.monotonic() < deadline:
        if len(waiting_for(cursor, "public.regions_domain")) == 1:
            return
        time.sleep(0.01)
    raise TimeoutError("the server does not look up its host")


def wait_for_answers(lines: list[socket.socket], number: int) -> list[socket.socket]:
    """Those of the lines on which something has come, once they are so many."""
    deadline = time.monotonic() + ANSWERED_SECONDS
    while time.monotonic() < deadline:
        ready, _, _ = select.select(lines, [], [], 0.1)
        if len(ready) >= number:
            return ready
    raise TimeoutError(f"fewer than {number} of {len(lines)} were told anything")


def assert_is_the_short_page(answer: HTTPResponse) -> None:
    page = answer.read().decode()
    seconds = int(answer.headers["Retry-After"])
    assert answer.status == 503
    assert answer.headers["Cache-Control"] == "no-store"
    assert f'<meta http-equiv="refresh" content="{seconds}">' in page
    assert "此刻打开健康码的人很多" in page
    assert f"again by itself in {seconds} seconds" in page


def assert_is_the_short_problem(answer: HTTPResponse) -> None:
    told = json.load(answer)
    assert (answer.status, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert told["code"] == "crowded"
    assert f"{answer.headers['Retry-After']} s" in told["detail"]
