"""The long-running processes a demo starts (web server, workers, stand-in sources), so that `./run stop` finds them.

Each has a file under `run/` of the state directory with its number and start time. The number alone would not suffice: after
`kill -9` or a restart of the machine it may belong to another process.
"""

import os
import signal
import time
from pathlib import Path

from portal.embedded.state import open_state

STOP_SECONDS = 20


def remember_process(name: str, process: int) -> None:
    """Save the process under a name that no other running process has."""
    folder = _folder()
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.pid").write_text(f"{process} {_started_at(process)}\n", encoding="utf-8")


def find_process(name: str) -> int | None:
    """Return the number of a remembered process if it still runs."""
    return _running(_folder() / f"{name}.pid")


def stop_processes() -> list[str]:
    """Send SIGTERM to every remembered process and SIGKILL after 20 seconds. Return the names of those that ran."""
    running = {path: process for path in sorted(_folder().glob("*.pid")) if (process := _running(path))}
    for process in running.values():
        _send(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while any(map(_running, running)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for path, process in running.items():
        if _running(path):
            _send(process, signal.SIGKILL)
    for path in _folder().glob("*.pid"):
        path.unlink(missing_ok=True)
    return [path.stem for path in running]


def _folder() -> Path:
    return open_state().directory / "run"


def _running(path: Path) -> int | None:
    """Return the process in the file, if it is still the same one."""
    try:
        number, started_at = path.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return None
    return int(number) if started_at and _started_at(int(number)) == started_at else None


def _started_at(process: int) -> str:
    """Return the process's start in clock ticks from boot, field 22 of its `stat`; empty if it has ended or is a zombie."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # The program's name is in parentheses and may contain anything; the fields after it start with the state.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _send(process: int, what: signal.Signals) -> None:
    try:
        os.kill(process, what)
    except ProcessLookupError:
        return
