"""Start the distribution's servers for a test: Debian's Redis, RabbitMQ and PostgreSQL."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portal.embedded import postgres, valkey
from portal.embedded.postgres import PostgresUrls
from portal.embedded.state import State, free_port, open_state

START_SECONDS = 120
RABBITMQ, EPMD = Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), "/usr/bin/epmd"
POSTGRESQL = Path("/usr/lib/postgresql")


def program(found: Path | str | None, package: str) -> Path:
    """Return the program. If it is missing, skip the test, or let it fail in continuous integration."""
    if found is not None and Path(found).exists():
        return Path(found)
    missing = f"it needs {package} (Debian: apt install {package})"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@contextmanager
def own_state() -> Iterator[State]:
    """Yield a separate state directory that the servers' user can enter."""
    directory = Path(tempfile.mkdtemp(prefix="portal-state-"))
    directory.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTAL_STATE", str(directory))
        state = open_state()
    yield state
    shutil.rmtree(directory)


@contextmanager
def embedded_valkey() -> Iterator[str]:
    with _valkey() as url:
        yield url


@contextmanager
def redis() -> Iterator[str]:
    found = program(shutil.which("redis-server"), "redis-server")
    with _valkey(PORTAL_VALKEY_BIN=str(found)) as url:
        yield url


@contextmanager
def _valkey(**environment: str) -> Iterator[str]:
    with own_state() as state:
        server = valkey.find(state)
        with environment_of(environment), state.locked(valkey.NAME):
            server.start()
        yield server.url()
        with state.locked(valkey.NAME):
            server.stop()


@contextmanager
def environment_of(variables: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@contextmanager
def rabbitmq() -> Iterator[str]:
    """Run RabbitMQ with its own epmd, so that no process remains. Yield its URL."""
    found = program(RABBITMQ, "rabbitmq-server")
    port, epmd = free_port(None), free_port(None)
    with tempfile.TemporaryDirectory(prefix="portal-rabbitmq-") as name:
        folder = Path(name)
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{port}\ndisk_free_limit.absolute = 50MB\nlog.console = false\n",
            encoding="utf-8",
        )
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": name,
            "ERL_EPMD_PORT": epmd,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"portal-{port}@localhost",
            "RABBITMQ_DIST_PORT": free_port(None),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": f"{name}/db",
            "RABBITMQ_LOG_BASE": f"{name}/log",
            "RABBITMQ_CONFIG_FILE": f"{name}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{name}/plugins",
            "RABBITMQ_PID_FILE": f"{name}/pid",
        }
        with (folder / "server.log").open("wb") as log:
            server = subprocess.Popen([found], env=environment, stdout=log, stderr=log, cwd=name)
        try:
            _wait_for(port, server)
            yield f"amqp://guest:guest@127.0.0.1:{port}//"
        finally:
            server.terminate()
            server.wait(timeout=START_SECONDS)
            subprocess.run([EPMD, "-port", epmd, "-kill"], env=environment, capture_output=True, check=False)


def _wait_for(port: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, "RabbitMQ ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                return
        time.sleep(0.1)
    pytest.fail("RabbitMQ does not listen")


@contextmanager
def postgresql() -> Iterator[PostgresUrls]:
    """Run the newest installed PostgreSQL. Yield its URLs."""
    releases = sorted(POSTGRESQL.glob("*/bin"), key=lambda one: int(one.parent.name))
    found = program(releases[-1] if releases else None, "postgresql")
    with own_state() as state:
        server = postgres.find(state)
        with environment_of({"PORTAL_PG_BIN": str(found)}), state.locked(postgres.NAME):
            server.start()
        try:
            yield server.urls()
        finally:
            with state.locked(postgres.NAME):
                server.stop()
            if not server.home.is_relative_to(state.directory):
                shutil.rmtree(server.home)
