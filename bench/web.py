"""The portal's own web server in a process of its own, and measuring its answers."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bench.proxy import installed, proxy
from bench.rounds import BenchFailed
from bench.servers import Spent, watch_servers
from portal.embedded.state import free_port

HOST, SERVER_SECONDS = "127.0.0.1", 60
# Browsers at once; the server has one thread more, so that none waits until another's connection is closed.
BROWSERS = 2
FOUND = 200
SETTINGS = "bench.web_settings"


@dataclass(frozen=True)
class Visit:
    """An address under a host name, with the browser's headers; a body makes it a POST."""

    path: str
    headers: dict[str, str]
    body: bytes | None = None


@dataclass
class Served:
    """Answers so far: the seconds of each, their elapsed seconds in total, and the processor seconds of server and database.

    ``servers`` is the part of ``processor`` that the database servers used.
    """

    times: list[float] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0
    servers: Spent = field(default_factory=Spent)

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds

    @property
    def processor_each(self) -> float:
        return self.processor / len(self.times)

    @property
    def p99(self) -> float:
        return sorted(self.times)[len(self.times) * 99 // 100]


@dataclass(frozen=True)
class WebServer:
    port: int
    process: psutil.Process

    def serve(self, visits: Sequence[Visit], into: Served, *, browsers: int = BROWSERS) -> None:
        """Make the visits one after the other on ``browsers`` connections at once."""
        with watch_servers() as servers:
            before, began = sum(self.process.cpu_times()[:2]), time.perf_counter()
            with ThreadPoolExecutor(browsers) as pool:
                for times in pool.map(self._visit_all, (visits[nth::browsers] for nth in range(browsers))):
                    into.times += times
            into.seconds += time.perf_counter() - began
            spent = sum(self.process.cpu_times()[:2]) - before
        into.processor += spent + servers.both
        into.servers += servers

    def _visit_all(self, visits: Sequence[Visit]) -> list[float]:
        times = []
        with closing(HTTPConnection(HOST, self.port, timeout=SERVER_SECONDS)) as line:
            for visit in visits:
                began = time.perf_counter()
                line.request("GET" if visit.body is None else "POST", visit.path, visit.body, visit.headers)
                answer = line.getresponse()
                answer.read()
                times.append(time.perf_counter() - began)
                if answer.status != FOUND:
                    raise BenchFailed(f"{visit.path} answered {answer.status}")
        return times


@contextmanager
def web_server() -> Iterator[WebServer]:
    """Run the web server for the block."""
    port = int(free_port(None))
    command = [sys.executable, "-m", "portal.web_server", f"--listen={HOST}:{port}", f"--threads={BROWSERS + 1}"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port, process)
            yield WebServer(port, psutil.Process(process.pid))
        finally:
            process.terminate()


@contextmanager
def behind_proxy(server: WebServer, *, most: int) -> Iterator[int]:
    """Run the shipped proxy before the server, without TLS. Yield its port. ``most``: requests that it passes to the server at once."""
    nginx = installed()
    if nginx is None:
        raise BenchFailed("nginx is not installed (apt install nginx-light)")
    port = int(free_port(None))
    changes = {
        "127.0.0.1:8001 max_conns=20": f"127.0.0.1:{server.port} max_conns={most}",
        "listen 443 ssl http2": f"listen {HOST}:{port}",
        "listen 80;": f"listen {HOST}:{free_port(None)};",
        "ssl_certificate ": "# ",
        "ssl_certificate_key ": "# ",
        ".health.example.cn": "_",
    }
    with TemporaryDirectory() as folder, proxy(nginx, Path(folder), changes) as process:
        _wait_for(port, process)
        yield port


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchFailed("the web server did not start")
        try:
            with closing(HTTPConnection(HOST, port, timeout=1)) as line:
                line.connect()
                return
        except OSError:
            time.sleep(0.1)
    raise BenchFailed("the web server does not answer")
