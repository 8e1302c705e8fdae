"""The one big-data centre of the province: an HTTP server in a process of its own, that outlives the demo until `./run stop`."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from portal.embedded.processes import find_process, remember_process
from portal.embedded.state import CHECKOUT, State, free_port

NAME = "demo-centre"
PREFERRED_PORT = "8701"
PATIENCE_SECONDS = 30


class CentreDown(RuntimeError):
    """The centre did not start; the message says where to read why."""


def data_of(folder: Path) -> Path:
    """The file that holds what the centre knows."""
    return folder / "big-data-centre.sqlite"


def ensure_centre(state: State, folder: Path, apps: Mapping[str, str]) -> str:
    """The centre's base URL, started if it is down; `apps` says where each app's secret is. Raises CentreDown."""
    before = state.recall(NAME)
    facts = {
        "port": before.get("port", PREFERRED_PORT),
        "apps": " ".join(f"{app}={name}" for app, name in apps.items()),
    }
    running = find_process(NAME)
    if running is not None and facts != before:
        os.kill(running, signal.SIGTERM)
        _wait(lambda: find_process(NAME) is None, folder)
        running = None
    if running is None:
        facts["port"] = free_port(facts["port"])
        state.remember(NAME, facts)
        _start(folder, facts["port"], facts["apps"].split())
    return f"http://127.0.0.1:{facts['port']}/api"


def _start(folder: Path, port: str, apps: list[str]) -> None:
    command = [sys.executable, "-m", "portal.demo.stand_ins.big_data_centre"]
    command += ["--data", str(data_of(folder)), "--port", port]
    command += [part for app in apps for part in ("--app", app)]
    with _log(folder).open("ab") as output:
        centre = subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    remember_process(NAME, centre.pid)
    _wait(lambda: _listens(int(port)) or centre.poll() is not None, folder)
    if centre.poll() is not None:
        raise CentreDown(f"The stand-in big-data centre did not start; its log is {_log(folder)}.")


def _log(folder: Path) -> Path:
    return folder / "big-data-centre.log"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(until: Callable[[], bool], folder: Path) -> None:
    """Raises CentreDown when it takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not until():
        if time.monotonic() > deadline:
            raise CentreDown(f"The stand-in big-data centre does not answer; its log is {_log(folder)}.")
        time.sleep(0.05)
