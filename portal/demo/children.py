"""Processes that the demo starts: registered so that `./run stop` finds them, monitored, and terminated in order."""

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
    """Raised if a process did not start, or ended by itself; the message names its log."""


@dataclass
class Child:
    """A process and its log; `process` is None if an earlier demo started it."""

    title: str
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """Raise ChildDown if the process has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise ChildDown(f"{self.title} ended; its log is {self.log}.")

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for the condition. Raises ChildDown if the process ends meanwhile, or it takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise ChildDown(f"{self.title} does not answer; its log is {self.log}.")
            time.sleep(0.05)

    def stop(self) -> None:
        """Terminate the process and wait until it has finished what it began."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=STOP_SECONDS)


def start(name: str, title: str, command: Sequence[str], *, log: Path) -> Child:
    """Start a Python module, not reached by this terminal's Ctrl+C."""
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
    """End a process that an earlier demo started. Raises ChildDown if it does not end."""
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while find_process(name) is not None:
        if time.monotonic() > deadline:
            raise ChildDown(f"{name} (process {process}) does not end.")
        time.sleep(0.05)


def ensure_worker(folder: Path) -> Child:
    """Return the demo's worker, started if there is none."""
    worker = Child("The worker", folder / "worker.log")
    if find_process("demo-worker") is None:
        with worker.log.open("ab") as output:
            worker.process = start_worker(output.fileno(), settings=SETTINGS)
        remember_process("demo-worker", worker.process.pid)
    return worker


def ensure_beat(folder: Path) -> Child:
    """Return the demo's beat, started if there is none."""
    beat = Child("The scheduler", folder / "beat.log")
    if find_process("demo-beat") is None:
        with beat.log.open("ab") as output:
            beat.process = start_beat(output.fileno(), schedule=folder / "beat", settings=SETTINGS)
        remember_process("demo-beat", beat.process.pid)
    return beat


def choose_port() -> str:
    """Return the web server's port: 8000, or another one if it is taken. Links use it from now on, also in child processes.

    The port is reserved until the web server starts, a minute from now: otherwise another demo could take it and be mistaken for
    this.
    """
    port = free_port(WEB_PORT)
    _kept[port] = socket.create_server(("127.0.0.1", int(port)))
    settings.CITY_ADDRESS = os.environ.setdefault("CITY_ADDRESS", f"http://{{host}}:{port}")
    return port


def start_web(folder: Path, port: str) -> Child:
    """Start the web server. Raises ChildDown."""
    command = ["portal.web_server", "--listen", f"127.0.0.1:{port}", "--threads", str(WEB_THREADS)]
    if port in _kept:
        _kept.pop(port).close()
    web = start(f"demo-web-{port}", "The web server", command, log=folder / "web.log")
    web.wait_until(lambda: listens(port))
    return web


def listens(port: str) -> bool:
    """Return whether a server listens on a port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", int(port))) == 0
