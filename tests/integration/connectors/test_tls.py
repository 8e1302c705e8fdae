"""Sources that are not on the loopback interface need TLS, with a trusted certificate for the name in the settings."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, NullPool, create_engine, make_url

from portal.demo.stand_ins.big_data_centre import BigDataCentre
from portal.demo.stand_ins.big_data_handler import make_handler
from portal.demo.stand_ins.big_data_store import BigDataStore
from regions.sources.connectors import big_data_centre, transport
from regions.sources.connectors.delivery import SourceUnreachable
from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.timeouts import HttpLimits
from tests.certificates import certify
from tests.integration.connectors import police
from tests.integration.connectors.samples import AS_OF, NAMED, SECRET, records
from tests.integration.runs.installed import START_SECONDS, postgresql

OTHER = "another.example"
Files = tuple[Path, Path]


@dataclass(frozen=True)
class Encrypted:
    """A source with TLS: its port, and how many records come from it under a name."""

    port: int
    read: Callable[[str, AllowList], int]

    def records(self, name: str) -> int:
        return self.read(name, AllowList.parse(f"{name}:{self.port},127.0.0.1:{self.port}"))


@pytest.fixture
def trusting(certified: Files, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """What the machine trusts, as OpenSSL is told; at first the servers' certificate."""

    def trust(certificate: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        transport.tls_context.cache_clear()

    trust(certified[0])
    yield trust
    transport.tls_context.cache_clear()


@pytest.fixture(params=["centre", "postgresql", "mariadb"])
def encrypted(request: pytest.FixtureRequest) -> Encrypted:
    found: Encrypted = request.getfixturevalue(f"encrypted_{request.param}")
    return found


@pytest.fixture
def encrypted_centre(tmp_path: Path, certified: Files) -> Iterator[Encrypted]:
    store = BigDataStore(str(tmp_path / "centre.sqlite"))
    store.add_records("chengdu", records(3))
    store.set_clock("chengdu", AS_OF)
    handler = make_handler(BigDataCentre(store, {"chengdu": SECRET}).answer, threading.Event())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certified)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()

        def read(name: str, allowed: AllowList) -> int:
            with big_data_centre.open_delivery(
                base_url=f"https://{name}:{port}/api",
                app_id="chengdu",
                secret=SECRET,
                page_size=10,
                since=None,
                allowed=allowed,
                limits=HttpLimits(attempts=1),
                system=big_data_centre.System(resolve=lambda *_: ["127.0.0.1"], sleep=lambda _: None),
            ) as delivery:
                return len(list(delivery.records))

        yield Encrypted(port, read)
        server.shutdown()
        serving.join()
    store.close()


@pytest.fixture(scope="session")
def postgresql_with_tls(certified: Files) -> Iterator[URL]:
    """Debian's: the embedded one is built without TLS."""
    with postgresql() as urls:
        url = make_url(urls.superuser).set(drivername="postgresql+psycopg2")
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        certificate, key = (file.read_text().strip() for file in certified)
        with engine.connect() as connection:
            for name, content in (("server.crt", certificate), ("server.key", key)):
                written = (
                    f"COPY (SELECT unnest(string_to_array('{content}', chr(10)))) TO PROGRAM 'umask 077; cat > {name}'"
                )
                connection.exec_driver_sql(written)
            connection.exec_driver_sql("ALTER SYSTEM SET ssl = on")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        # The server reads its settings when it comes to it.
        deadline = time.monotonic() + START_SECONDS
        while not _offers_tls(engine):
            assert time.monotonic() < deadline, "PostgreSQL does not offer TLS"
            time.sleep(0.05)
        yield url


def _offers_tls(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.exec_driver_sql("SHOW ssl").scalar() == "on")


@pytest.fixture
def encrypted_postgresql(postgresql_with_tls: URL) -> Iterator[Encrypted]:
    yield from _database(postgresql_with_tls)


@pytest.fixture
def encrypted_mariadb(mariadb_url: URL) -> Iterator[Encrypted]:
    yield from _database(mariadb_url)


def _database(url: URL) -> Iterator[Encrypted]:
    engine = create_engine(url, poolclass=NullPool)
    police.create(engine)
    for number in range(3):
        police.add(engine, record_id=f"GA-{number}")

    def read(name: str, allowed: AllowList) -> int:
        named = police.url_of(url.set(host=name))
        _, found = police.read(engine, url=named, allowed=allowed, resolve=lambda *_: ["127.0.0.1"])
        return len(found)

    yield Encrypted(int(url.port or 0), read)
    police.run(engine, "DROP TABLE health_records, health_clock")


def test_a_source_is_read_whose_certificate_is_trusted_and_names_it(
    trusting: Callable[[Path], None], encrypted: Encrypted
) -> None:
    assert encrypted.records(NAMED) == 3


def test_one_under_another_name_is_refused(trusting: Callable[[Path], None], encrypted: Encrypted) -> None:
    with pytest.raises(SourceUnreachable) as fault:
        encrypted.records(OTHER)
    assert fault.value.reason == "tls_failed"


def test_one_that_nobody_vouches_for_is_refused(
    trusting: Callable[[Path], None], encrypted: Encrypted, tmp_path: Path
) -> None:
    trusting(certify(tmp_path, NAMED)[0])
    with pytest.raises(SourceUnreachable) as fault:
        encrypted.records(NAMED)
    assert fault.value.reason == "tls_failed"
