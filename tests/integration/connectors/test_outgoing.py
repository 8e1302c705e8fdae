"""Outgoing messages: only to addresses on the operator's list, without redirects, and with a time limit."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from regions.outgoing import CallFailed, CallFault, call
from regions.sources.connectors.big_data_centre import System
from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.timeouts import HttpLimits
from tests.integration.sources.payloads import DATABASE, LEADING, LISTED, payloads

find_addresses = socket.getaddrinfo
SECRET = b'{"person": "a-secret-reference"}'


class Receiver(BaseHTTPRequestHandler):
    """Answers as the test says."""

    status, headers_sent, body, seconds = 200, {"X-Said": "yes"}, b"fine", 0.0

    def do_POST(self) -> None:
        received.append((self.path, self.headers["X-Told"], self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        for byte in self.body:
            time.sleep(self.seconds)
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing on the screen."""


received: list[tuple[str, str | None, bytes]] = []


@pytest.fixture
def receiver() -> Iterator[tuple[type[Receiver], str]]:
    class Here(Receiver):
        pass

    received.clear()
    with HTTPServer(("127.0.0.1", 0), Here) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Here, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fault(address: str, **named: object) -> CallFault:
    with pytest.raises(CallFailed) as failed:
        call("POST", address, content=SECRET, **named)  # type: ignore[arg-type]
    told = [failed.value, failed.value.__cause__, failed.value.__context__]
    assert "secret" not in " ".join(map(repr, told))
    return failed.value.fault


def test_a_message_and_its_answer(receiver: tuple[type[Receiver], str]) -> None:
    address = f"{receiver[1]}/a?b=1"
    answer = call("POST", address, content=SECRET, headers={"X-Told": "x"})
    assert (answer.status, answer.is_success, answer.headers["x-said"], answer.body) == (200, True, "yes", b"fine")
    assert received == [("/a?b=1", "x", SECRET)]
    loopback = AllowList.parse("", debug=True)
    assert call("POST", address.replace("127.0.0.1", "chengdu.localhost"), allowed=loopback).is_success
    receiver[0].status = 503
    assert (call("POST", address).status, call("POST", address).is_success) == (503, False)


def test_no_redirect_is_followed(receiver: tuple[type[Receiver], str]) -> None:
    receiver[0].headers_sent = {"Location": f"{receiver[1]}/elsewhere", "Refresh": "0; url=/elsewhere"}
    for status in (300, 301, 302, 303, 307, 308):
        receiver[0].status = status
        assert not call("POST", f"{receiver[1]}/here", content=b"x").is_success
    assert {path for path, _, _ in received} == {"/here"}


def test_an_answer_is_bounded_in_bytes_and_time(receiver: tuple[type[Receiver], str]) -> None:
    receiver[0].body, receiver[0].seconds = b"x" * 1000, 0.0
    assert fault(receiver[1], limits=HttpLimits(page_bytes=999)) is CallFault.UNREADABLE
    receiver[0].body, receiver[0].seconds = b"x" * 20, 0.1
    began = time.monotonic()
    assert fault(receiver[1], limits=HttpLimits(read_seconds=1, total_seconds=0.5)) is CallFault.TIMED_OUT
    assert time.monotonic() - began < 1, "each byte came in time, the whole did not"


def test_only_where_the_list_of_messages_says_and_with_tls(
    receiver: tuple[type[Receiver], str], settings: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MESSAGE_ALLOW_LIST = AllowList()  # type: ignore[attr-defined]
    assert fault(receiver[1]) is CallFault.HOST_NOT_ALLOWED, "the sources' list lets it pass, and is another"
    port = int(receiver[1].rpartition(":")[2])
    turned = AllowList.parse(f"turns.example:{port};plain")
    system = System(resolve=lambda _host, _port: ["127.0.0.1"])
    assert fault(f"http://turns.example:{port}", allowed=turned, system=system) is CallFault.ADDRESS_NOT_ALLOWED
    assert fault("http://data.example", allowed=AllowList.parse("data.example:80")) is CallFault.TLS_REQUIRED
    listed = AllowList.parse("127.0.0.1:*")
    assert fault(receiver[1].replace("http:", "https:"), allowed=listed) is CallFault.TLS_FAILED
    monkeypatch.setenv("ALL_PROXY", receiver[1])
    assert fault("http://127.0.0.1:1", allowed=listed) is CallFault.NO_CONNECTION
    assert received == []


def test_no_address_typed_as_an_attack_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of the tests of sources; names of the list are resolved, and lead to where nothing may go."""
    connected: list[object] = []

    def look_up(host: str, port: int, *arguments: object, **named: object) -> object:
        flags = {} if host in LEADING else {"flags": socket.AI_NUMERICHOST}
        return find_addresses(LEADING.get(host, host), port, *arguments[:3], **{**named, **flags})  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: connected.append(address))
    plain = ",".join(f"{name}:*;plain" for name in (DATABASE, *LEADING))
    allowed = AllowList.parse(f"{LISTED}:443,127.0.0.1:1,{plain}")
    tried = [payload for payload in payloads(9) if payload.source == "bigdata"]
    assert len(tried) > 100
    for payload in tried:
        found = fault(payload.text, allowed=allowed)
        assert not payload.is_listed or found is CallFault.ADDRESS_NOT_ALLOWED
    assert connected == []
