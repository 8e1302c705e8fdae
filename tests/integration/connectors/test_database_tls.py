"""A database that is not on the loopback interface and does not support TLS receives no data, in particular no credentials."""

import socket
import threading
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from regions.sources.connectors.delivery import SourceFault
from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.police_database import open_delivery
from regions.sources.connectors.timeouts import DatabaseTimeouts

HURRIED = DatabaseTimeouts(connect_seconds=2, statement_seconds=1, delivery_seconds=2)
# MariaDB's greeting: protocol 10, version, connection, salt, capabilities without TLS (0x0800), charset, status.
GREETING = (
    b"\x0a10.11.0-MariaDB\x00"
    b"\x01\x00\x00\x00"
    b"saltsalt\x00"
    b"\x0f\xa2"
    b"\x21\x02\x00"
    b"\x0f\x00"
    b"\x15" + b"\x00" * 10 + b"saltsaltsalt\x00" + b"mysql_native_password\x00"
)
SSL_REQUEST = bytes.fromhex("00000008 04d2162f")


class Plain:
    """A server without TLS that keeps what it is told."""

    def __init__(self, make: str) -> None:
        self.make = make
        self.told = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(5)
            if self.make != "postgresql":
                connection.sendall(len(GREETING).to_bytes(3, "little") + b"\x00" + GREETING)
            while content := connection.recv(4096):
                self.told += content
                if self.told != SSL_REQUEST:
                    break
                connection.sendall(b"N")


@pytest.fixture(params=["postgresql", "mariadb", "mysql"])
def plain(request: pytest.FixtureRequest) -> Iterator[Plain]:
    server = Plain(request.param)
    yield server
    server.listener.close()


def told(server: Plain, allowed: str) -> bytes:
    """What the server heard from us until the delivery failed."""
    with (
        pytest.raises(SourceFault) as fault,
        open_delivery(
            url=f"{server.make}://reader:hidden@db.example:{server.port}/police",
            records_view="health_records",
            clock_view="health_clock",
            since=None,
            zone=ZoneInfo("Asia/Shanghai"),
            allowed=AllowList.parse(allowed.format(port=server.port)),
            timeouts=HURRIED,
            resolve=lambda *_: ["127.0.0.1"],
        ),
    ):
        pass
    server.thread.join(10)
    assert (fault.value.reason == "tls_failed") == ("plain" not in allowed)
    return server.told


def test_no_login_is_sent_without_tls(plain: Plain) -> None:
    heard = told(plain, "db.example:{port},127.0.0.1:{port}")
    assert heard == (SSL_REQUEST if plain.make == "postgresql" else b"")


def test_where_the_operator_says_so_it_is(plain: Plain) -> None:
    assert b"reader" in told(plain, "db.example:{port};plain,127.0.0.1:{port}")
