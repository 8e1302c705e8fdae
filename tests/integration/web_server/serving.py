"""A listening program in its own process, and a minimal HTTP client."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.forked import Fork, start

CHECKOUT = Path(__file__).parents[3]
HOST = "alpha.localhost"
ANSWERED_SECONDS = 20
Open = Callable[[], socket.socket]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes] | Fork") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "it ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("it does not listen")


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[None]:
    with subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **environment}) as process:
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()


@contextmanager
def web_server(log: Path, **environment: str) -> Iterator[int]:
    """Run the portal's web server with one thread for the block. Yield its port."""
    port = free_port()
    told = {**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    server = start("portal.web_server", "--listen", f"127.0.0.1:{port}", "--threads", "1", log=log, environment=told)
    try:
        wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=60)


def opens(port: int) -> Open:
    return lambda: socket.create_connection(("127.0.0.1", port), timeout=ANSWERED_SECONDS)


def status(connection: socket.socket) -> int:
    """Return the status of the answer. Raise ``TimeoutError`` if there is none."""
    with connection.makefile("rb") as answer:
        return int(answer.readline().split()[1])


def asked(open_one: Open, head: str, body: bytes = b"") -> int:
    with open_one() as connection:
        connection.sendall(f"{head}\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode() + body)
        return status(connection)
