"""The connection is made to the address that was checked, whatever a name server answers later."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from regions.sources.connectors.big_data_centre import System, open_delivery
from regions.sources.connectors.delivery import HostNotAllowed, SourceUnreachable
from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.timeouts import HttpLimits
from tests.certificates import certify
from tests.integration.connectors.samples import SECRET, Centre

QUICK = HttpLimits(connect_seconds=0.5, attempts=1)


class Rebinding:
    """A name server that says one address first and another ever after."""

    def __init__(self, *answers: str) -> None:
        self.answers: Iterator[str] = iter(answers)
        self.asked = 0

    def __call__(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        return [next(self.answers)]


def open_at(name: str, centre: Centre, allowed: AllowList, resolve: Rebinding) -> int:
    """How many records come from the centre under another name."""
    port = centre.base_url.rpartition(":")[2]
    with open_delivery(
        base_url=f"http://{name}:{port}",
        app_id="chengdu",
        secret=SECRET,
        page_size=10,
        since=None,
        allowed=allowed,
        limits=QUICK,
        system=System(resolve=resolve, sleep=lambda _: None),
    ) as delivery:
        return len(list(delivery.records))


def port_of(centre: Centre) -> str:
    return centre.base_url.removesuffix("/api").rpartition(":")[2]


@pytest.fixture
def bare(centre: Centre) -> Centre:
    """The centre's host and port without a path."""
    return Centre(centre.store, centre.base_url.removesuffix("/api"))


def test_a_name_is_resolved_once_for_all_pages(bare: Centre) -> None:
    allowed = AllowList.parse(f"data.example:{port_of(bare)};plain,127.0.0.1:{port_of(bare)}")
    resolve = Rebinding("127.0.0.1", "10.0.0.1")
    assert open_at("data.example", bare, allowed, resolve) == 25
    assert resolve.asked == 1


def test_a_name_that_turns_to_this_machine_is_refused(bare: Centre) -> None:
    allowed = AllowList.parse(f"data.example:{port_of(bare)};plain")
    with pytest.raises(HostNotAllowed) as refused:
        open_at("data.example", bare, allowed, Rebinding("127.0.0.1"))
    assert refused.value.reason == "address_not_allowed"


def test_a_loopback_name_that_leads_elsewhere_is_refused(bare: Centre, loopback: AllowList) -> None:
    with pytest.raises(HostNotAllowed):
        open_at("localhost", bare, loopback, Rebinding("10.0.0.1"))
    assert open_at("localhost", bare, loopback, Rebinding("127.0.0.1")) == 25


def test_the_next_address_is_tried_when_one_is_dead(bare: Centre, loopback: AllowList) -> None:
    class Both(Rebinding):
        def __call__(self, _host: str, _port: int) -> list[str]:
            return ["::1", "127.0.0.1"]

    assert open_at("localhost", bare, loopback, Both()) == 25


def test_a_proxy_from_the_environment_is_not_asked(
    bare: Centre, loopback: AllowList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert open_at("127.0.0.1", bare, loopback, Rebinding("127.0.0.1")) == 25


@pytest.fixture
def encrypted_port(tmp_path: Path) -> Iterator[int]:
    """A server whose certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certify(tmp_path, "127.0.0.1"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=_shake_hands, args=(listener, context))
        answering.start()
        yield listener.getsockname()[1]
        answering.join()


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Take one connection and offer it encryption."""
    connection, _ = listener.accept()
    with connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_side=True)


def test_a_certificate_nobody_vouches_for_is_refused(encrypted_port: int, loopback: AllowList) -> None:
    with (
        pytest.raises(SourceUnreachable) as fault,
        open_delivery(
            base_url=f"https://127.0.0.1:{encrypted_port}",
            app_id="chengdu",
            secret=SECRET,
            page_size=10,
            since=None,
            allowed=loopback,
            limits=QUICK,
        ),
    ):
        pass
    assert fault.value.reason == "tls_failed"
