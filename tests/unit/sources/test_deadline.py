"""Every single wait for a source ends with the delivery's time, TLS or not: what the stream below is given to wait."""

import ssl
from typing import Any

import httpcore
import pytest

from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.transport import Deadline, DeadlineStream, GuardedNetwork

READ_SECONDS = 20.0


class Clock:
    """Monotonic seconds, which the test moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Below(httpcore.NetworkStream):
    """A socket that notes how long it was given for each act."""

    def __init__(self) -> None:
        self.given: dict[str, float | None] = {}

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.given["read"] = timeout
        return b"x" * max_bytes

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self.given["write"] = timeout

    def start_tls(
        self,
        ssl_context: Any,  # noqa: ARG002
        server_hostname: str | None = None,  # noqa: ARG002
        timeout: float | None = None,
    ) -> "Below":
        self.given["tls"] = timeout
        return self


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_no_wait_is_longer_than_what_is_left(clock: Clock) -> None:
    below = Below()
    plain = DeadlineStream(below, Deadline(30, clock))
    plain.read(1, READ_SECONDS)
    assert below.given == {"read": READ_SECONDS}
    clock.now = 25
    secured = plain.start_tls(ssl.create_default_context(), "centre.example.cn", READ_SECONDS)
    secured.read(1, READ_SECONDS)
    secured.write(b"x", READ_SECONDS)
    assert below.given == {"tls": 5, "read": 5, "write": 5}
    clock.now = 30
    with pytest.raises(httpcore.ReadTimeout):
        secured.read(1, READ_SECONDS)


def test_a_page_has_its_own_time_within_that_of_the_delivery(clock: Clock) -> None:
    deadline = Deadline(30, clock)
    deadline.step(10)
    assert deadline.within(READ_SECONDS) == deadline.within(None) == 10
    clock.now = 25
    deadline.step(10)
    assert deadline.within(READ_SECONDS) == 5


def test_to_connect_takes_no_longer_either(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, float]] = []

    def connect(_sockets: Any, host: str, _port: int, timeout: float, *_others: Any) -> Below:
        given.append((host, timeout))
        clock.now += timeout
        raise httpcore.ConnectTimeout

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    allowed = AllowList.parse("centre.example.cn:443")
    network = GuardedNetwork(allowed, lambda *_: ["192.0.2.1", "192.0.2.2", "192.0.2.3"], Deadline(8, clock))
    with pytest.raises(httpcore.ReadTimeout):
        network.connect_tcp("centre.example.cn", 443, 5)
    assert given == [("192.0.2.1", 5), ("192.0.2.2", 3)]
