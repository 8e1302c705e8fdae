"""Processes the demo starts: noted so that `./run stop` finds them, watched, and ended in an orderly way."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from portal.embedded.processes import find_process, remember_process
from portal.embedded.state import CHECKOUT, free_port
from portal.workers import start_beat, start_worker

START_SECONDS = 60
STOP_SECONDS = 60
WEB_PORT = "8000"
WEB_THREADS = 4
SETTINGS = "portal.demo.settings"
_kept: dict[str, socket.socket] = {}


class ChildDown(RuntimeError):
    """A process did not start, or ended by itself; the message says where to read why."""


@dataclass
class Child:
    """A process and its log; `process` is none while one that an earlier demo started serves."""

    title: str
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """Raises ChildDown."""
        if self.process is not None and self.process.poll() is not None:
            raise ChildDown(f"{self.title} ended; its log is {self.log}.")

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Raises ChildDown when the process ends meanwhile, or it takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise ChildDown(f"{self.title} does not answer; its log is {self.log}.")
            time.sleep(0.05)

    def stop(self) -> None:
        """Let it finish what it has begun."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=STOP_SECONDS)


def start(name: str, title: str, command: Sequence[str], *, log: Path) -> Child:
    """Start a Python module, away from this terminal's Ctrl+C."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=CHECKOUT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    remember_process(name, process.pid)
    return Child(title, log, process)


def end(name: str, process: int) -> None:
    """End a process that an earlier demo started. Raises ChildDown when it will not."""
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while find_process(name) is not None:
        if time.monotonic() > deadline:
            raise ChildDown(f"{name} (process {process}) does not end.")
        time.sleep(0.05)


def ensure_worker(folder: Path) -> Child:
    """A worker, started if the demo has none."""
    worker = Child("The worker", folder / "worker.log")
    if find_process("demo-worker") is None:
        with worker.log.open("ab") as output:
            worker.process = start_worker(output.fileno(), settings=SETTINGS)
        remember_process("demo-worker", worker.process.pid)
    return worker


def ensure_beat(folder: Path) -> Child:
    """A beat, started if the demo has none."""
    beat = Child("The scheduler", folder / "beat.log")
    if find_process("demo-beat") is None:
        with beat.log.open("ab") as output:
            beat.process = start_beat(output.fileno(), schedule=folder / "beat", settings=SETTINGS)
        remember_process("demo-beat", beat.process.pid)
    return beat


def choose_port() -> str:
    """Of the web server: 8000, or another one where that is taken. Every link written from here on leads there, a child's as well.

    It is kept until the web server starts, a minute from now: another demo would take it, and be taken for this one.
    """
    port = free_port(WEB_PORT)
    _kept[port] = socket.create_server(("127.0.0.1", int(port)))
    settings.CITY_ADDRESS = os.environ.setdefault("CITY_ADDRESS", f"http://{{host}}:{port}")
    return port


def start_web(folder: Path, port: str) -> Child:
    """The web server. Raises ChildDown."""
    command = ["portal.web_server", "--listen", f"127.0.0.1:{port}", "--threads", str(WEB_THREADS)]
    if port in _kept:
        _kept.pop(port).close()
    web = start(f"demo-web-{port}", "The web server", command, log=folder / "web.log")
    web.wait_until(lambda: listens(port))
    return web


def listens(port: str) -> bool:
    """Whether somebody answers on a port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", int(port))) == 0
