"""A source's address as an attack: whatever is entered, saved, tried or run, no connection is made to a forbidden address."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import psycopg2
import pytest
from django.test import override_settings

from codes.intake.collecting import collect_source
from codes.models import Fact
from regions.models import City
from regions.refusals import Refused
from regions.sources import changes
from regions.sources.collect import try_source
from regions.sources.connectors.delivery import SourceFault
from regions.sources.connectors.guard import AllowList
from regions.sources.models import Batch, Source, SourceChange
from regions.staff.roles import Role
from regions.tenancy import current_city
from tests.integration.review.desk import hire
from tests.integration.sources.payloads import DATABASE, LEADING, LISTED, Payload, payloads
from tests.integration.sources.stand_ins import NOW, SECRET, Centre, records

ACTS = ("save", "test", "run", "retry")
find_addresses = socket.getaddrinfo


@dataclass
class Sink:
    """A port of this machine that is not on the list, and everything that was connected to meanwhile."""

    listener: socket.socket
    connected: list[Any] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=lambda: dict(LEADING))

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def find_addresses(self, host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        """Our names; of others those that are addresses in some spelling. No name server is asked."""
        flags = {} if host in self.names else {"flags": socket.AI_NUMERICHOST}
        return find_addresses(self.names.get(host, host), port, *arguments[:3], **{**named, **flags})

    def has_heard(self) -> list[Any]:
        try:
            connection, address = self.listener.accept()
        except BlockingIOError:
            return self.connected
        connection.close()
        return [*self.connected, address]


@pytest.fixture
def sink(alpha: City, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    hire("qian", Role.SOURCE_MANAGER, now=NOW)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        made = Sink(listener)
        plain = ",".join(f"{name}:*;plain" for name in (DATABASE, *LEADING))
        settings.SOURCE_ALLOW_LIST = AllowList.parse(f"{LISTED}:443,127.0.0.1:1,{plain}")
        monkeypatch.setattr(socket, "getaddrinfo", made.find_addresses)
        monkeypatch.setattr(socket.socket, "connect", lambda _self, address: made.connected.append(address))
        monkeypatch.setattr(psycopg2, "connect", lambda *_, **named: made.connected.append(named))
        yield made


def act(name: str, payload: Payload) -> str:
    """Do one thing with it; the reason it was refused for, or nothing."""
    source = Source.objects.get(code=payload.source)
    is_centre = payload.source == "bigdata"
    values, credential = ({"base_url": payload.text}, None) if is_centre else ({}, payload.text)
    if name == "save":
        try:
            changes.propose(
                source_id=source.pk, values=values, credential=credential, effect={}, reason="x", by="qian", now=NOW
            )
        except Refused as refused:
            return str(refused.reason)
        SourceChange.objects.waiting().update(state="withdrawn", decided_by="qian", decided_at=NOW)
        return ""
    candidate = changes.changed(source, values, changes.encrypt_credential(credential or SECRET))
    if name == "test":
        try:
            try_source(candidate, zone=current_city().zone, now=NOW)
        except SourceFault as fault:
            return str(fault.reason)
        return ""
    batch = collect_source(candidate, now=NOW, by="system", full=name == "retry")
    return batch.reason if batch.state == Batch.State.REFUSED else ""


@pytest.mark.parametrize("name", ACTS)
def test_no_payload_reaches_the_sink(sink: Sink, name: str) -> None:
    tried = list(payloads(sink.port))
    assert len(set(tried)) >= 300

    came = {payload: act(name, payload) for payload in tried}

    assert sink.has_heard() == []
    let_through = [payload for payload, reason in came.items() if not reason]
    if name == "save":
        # Names of the list are resolved when they are used, and then every time.
        assert let_through == [payload for payload in tried if payload.is_listed]
    else:
        assert let_through == []
        leading = Counter(reason for payload, reason in came.items() if payload.is_listed)
        assert leading == {"address_not_allowed": 3 * len(LEADING)}


class _Answer(BaseHTTPRequestHandler):
    """Whatever the test has put in place, for every path."""

    reply: tuple[int, dict[str, str], bytes]

    def do_GET(self) -> None:
        status, headers, body = self.reply
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing on the screen."""


@pytest.fixture
def elsewhere(alpha: City) -> Iterator[tuple[Source, str]]:
    """A centre that answers as the test says, and a place on this machine where it would like us to go."""
    with HTTPServer(("127.0.0.1", 0), _Answer) as server, socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        source = Source.objects.get(code="bigdata")
        source.credential = changes.encrypt_credential(SECRET)
        source.base_url = f"http://127.0.0.1:{server.server_port}"
        with override_settings(SOURCE_ALLOW_LIST=AllowList.parse(f"127.0.0.1:{server.server_port}")):
            yield source, f"127.0.0.1:{listener.getsockname()[1]}"
        server.shutdown()
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
def test_no_redirect_is_followed(elsewhere: tuple[Source, str], status: int) -> None:
    source, sink = elsewhere
    for place in (
        f"http://{sink}/",
        f"https://{sink}/",
        f"//{sink}/",
        f"/\\{sink}",
        f"http://x@{sink}/",
        "file:///etc/passwd",
    ):
        _Answer.reply = (status, {"Location": place, "Refresh": f"0; url=http://{sink}/"}, b"")
        assert collect_source(source, now=NOW, by="system").reason == "redirected"


@pytest.mark.parametrize(
    ("status", "headers", "body", "reason"),
    [
        (
            200,
            {"Content-Type": "text/html"},
            b'<meta http-equiv="refresh" content="0; url=http://SINK/">',
            "html_answer",
        ),
        (200, {"Refresh": "0; url=http://SINK/", "Link": "<http://SINK/>; rel=preload"}, b"{}", "refused|bad_page"),
        (401, {"WWW-Authenticate": 'Basic realm="http://SINK/"', "Location": "http://SINK/"}, b"", "refused"),
        (407, {"Proxy-Authenticate": "Basic", "Location": "http://SINK/"}, b"", "refused"),
        (200, {"Alt-Svc": 'http/1.1="SINK"'}, b'{"code": "0", "data": {"$ref": "http://SINK/"}}', "bad_page"),
    ],
)
def test_nor_another_way_of_sending_us_on(
    elsewhere: tuple[Source, str], status: int, headers: dict[str, str], body: bytes, reason: str
) -> None:
    source, sink = elsewhere
    named = {name: value.replace("SINK", sink) for name, value in headers.items()}
    _Answer.reply = (status, named, body.replace(b"SINK", sink.encode()))
    assert collect_source(source, now=NOW, by="system").reason in reason.split("|")


def test_a_name_that_turns_after_a_good_delivery_is_refused_every_time(
    centre: Centre, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = centre.source.base_url.removesuffix("/api").rpartition(":")[2]
    settings.SOURCE_ALLOW_LIST = AllowList.parse(f"turns.example:*;plain,127.0.0.1:{port}")
    centre.source.base_url = centre.source.base_url.replace("127.0.0.1", "turns.example")
    turns: list[str] = []

    def answer(host: str, *arguments: Any, **named: Any) -> Any:
        if host != "turns.example":
            return find_addresses(host, *arguments, **named)
        return find_addresses(turns.pop(0), *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    centre.add(records(25))
    for address in ("127.0.0.2", "::1", "169.254.169.254", "64:ff9b::169.254.169.254", "fd00:ec2::254", "0.0.0.0"):  # noqa: S104
        turns[:] = ["127.0.0.1", address, address]
        assert centre.collect(full=True).state == Batch.State.ACCEPTED
        assert centre.collect().reason == "address_not_allowed"
        with pytest.raises(SourceFault):
            try_source(centre.source, zone=current_city().zone, now=NOW)
        assert turns == []
    assert Fact.objects.count() == 25
