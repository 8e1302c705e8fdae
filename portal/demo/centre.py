"""The province's big-data centre: an HTTP server in a process of its own, which runs until `./run stop`."""

from collections.abc import Mapping
from pathlib import Path

from portal.demo.children import end, listens, start
from portal.embedded.processes import find_process
from portal.embedded.state import State, free_port

NAME = "demo-centre"
PREFERRED_PORT = "8701"


def data_of(folder: Path) -> Path:
    """Return the file with the centre's data."""
    return folder / "big-data-centre.sqlite"


def ensure_centre(state: State, folder: Path, apps: Mapping[str, str]) -> str:
    """Return the centre's base URL, started if it is down. Raises ChildDown.

    `apps` maps each app to the environment variable with its secret.
    """
    before = state.load(NAME)
    facts = {
        "port": before.get("port", PREFERRED_PORT),
        "apps": " ".join(f"{app_id}={variable}" for app_id, variable in apps.items()),
    }
    running = find_process(NAME)
    if running is not None and facts != before:
        end(NAME, running)
        running = None
    if running is None:
        facts["port"] = free_port(facts["port"])
        state.save(NAME, facts)
        _start(folder, facts["port"], facts["apps"].split())
    return f"http://127.0.0.1:{facts['port']}/api"


def _start(folder: Path, port: str, apps: list[str]) -> None:
    command = ["portal.demo.stand_ins.big_data_centre", "--data", str(data_of(folder)), "--port", port]
    command += [part for app in apps for part in ("--app", app)]
    centre = start(NAME, "The stand-in big-data centre", command, log=folder / "big-data-centre.log")
    centre.wait_until(lambda: listens(port))
