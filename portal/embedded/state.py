"""The state directory: what the embedded servers keep between two commands. Only the owner can read files with passwords."""

import fcntl
import json
import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class EmbeddedServerError(Exception):
    """Raised if an embedded server cannot be found, started or stopped. The message contains no password."""


CHECKOUT = Path(__file__).resolve().parents[2]
# Below the range from which Linux takes ports for outgoing connections, so that a saved port stays free.
PORTS = range(20000, 32000)


@dataclass(frozen=True)
class State:
    """One state directory. Two of them never share a server."""

    directory: Path

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Block other commands that start or stop the same server."""
        with (self.directory / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def load(self, name: str) -> dict[str, str]:
        """Return what was saved under `name`; empty if nothing was."""
        path = self._path(name)
        try:
            remembered: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except PermissionError as error:
            raise EmbeddedServerError(
                f"{path} belongs to another user: run this command as that user, or set PORTAL_STATE to a directory "
                "of your own."
            ) from error
        return remembered

    def save(self, name: str, facts: dict[str, str]) -> None:
        """Replace what was saved under `name` atomically."""
        path = self._path(name)
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(facts, file, indent=2)
        draft.replace(path)

    def _path(self, name: str) -> Path:
        return self.directory / f"{name}.json"


def state_directory() -> Path:
    """Return the state directory of this checkout: `.state/`, or `PORTAL_STATE`. It may not exist yet."""
    return Path(os.environ.get("PORTAL_STATE") or CHECKOUT / ".state").expanduser().resolve()


def open_state() -> State:
    """Return the state directory, created if missing. Others may pass through it but not list it. Raises EmbeddedServerError."""
    directory = state_directory()
    if not directory.is_dir() and os.access(_nearest_existing(directory), os.W_OK | os.X_OK):
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o711)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise EmbeddedServerError(
            f"{directory} cannot be written by this user: set PORTAL_STATE to a directory of your own."
        )
    return State(directory)


def _nearest_existing(directory: Path) -> Path:
    return next(folder for folder in (directory, *directory.parents) if folder.exists())


def free_port(preferred: str | None) -> str:
    """Return the preferred port if nobody listens on it, otherwise a random free port of the loopback."""
    candidates = [int(preferred)] if preferred else []
    candidates += random.SystemRandom().sample(PORTS, 50)
    for port in candidates:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return str(port)
    raise EmbeddedServerError("No free port was found on 127.0.0.1 between 20000 and 32000.")
