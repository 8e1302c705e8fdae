"""The embedded Valkey on the loopback, started on demand: the broker of a machine that has none."""

import os
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.programs import Account, find_account, find_home, find_valkey
from portal.embedded.state import EmbeddedServerError, State, free_port

NAME = "valkey"
START_SECONDS = 60
# `save ""`: the append-only file is sufficient; snapshots would be written often and never loaded.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize yes
pidfile "{folder}/valkey.pid"
logfile "{folder}/server.log"
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Valkey:
    state: State
    account: Account
    home: Path

    @property
    def folder(self) -> Path:
        return self.home / NAME

    def url(self) -> str:
        """Return the broker's URL as last saved. The server must have been started once."""
        facts = self.state.load(NAME)
        return f"redis://:{facts['password']}@127.0.0.1:{facts['port']}/0"

    def is_running(self) -> bool:
        """Return whether a server answers that accepts our password, and so is ours, and has loaded its file."""
        return self._ask("PING") == ["+OK", "+PONG"]

    def start(self) -> None:
        """Start the server and wait until it has loaded its file. Call with the state locked."""
        if not self._ask("PING"):
            self._launch()
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline:
                raise EmbeddedServerError(f"Valkey did not start; its log is {self.folder}/server.log.")
            time.sleep(0.02)

    def stop(self) -> bool:
        """Shut down cleanly. Return whether it was running. Call with the state locked."""
        if not self._ask("PING"):
            return False
        self._ask("SHUTDOWN")
        deadline = time.monotonic() + START_SECONDS
        while self._ask("PING"):
            if time.monotonic() > deadline:
                raise EmbeddedServerError(f"Valkey would not stop; its log is {self.folder}/server.log.")
            time.sleep(0.02)
        return True

    def _launch(self) -> None:
        facts = self.state.load(NAME) or {"password": secrets.token_urlsafe(24)}
        facts["port"] = free_port(facts.get("port"))
        self.state.save(NAME, facts)
        program = find_valkey(self.account, self.home)
        started = self.account.run([program, self._write_configuration(facts)], timeout=START_SECONDS)
        if started.returncode != 0:
            raise EmbeddedServerError(f"Valkey did not start; its log is {self.folder}/server.log.")

    def _ask(self, command: str) -> list[str]:
        """Log in and send one command. Return the answers to both, or an empty list if no server of ours is there."""
        facts = self.state.load(NAME)
        if not facts:
            return []
        try:
            with socket.create_connection(("127.0.0.1", int(facts["port"])), timeout=3) as connection:
                connection.sendall(f"AUTH {facts['password']}\r\n{command}\r\nQUIT\r\n".encode())
                with connection.makefile("r", encoding="utf-8", errors="replace") as answers:
                    lines = answers.read().splitlines()
        except OSError:
            return []
        return lines[:2] if lines[:1] == ["+OK"] else []

    def _write_configuration(self, facts: dict[str, str]) -> Path:
        """Write the server's configuration. Only its user can read it, as it contains the password."""
        path = self.account.give_directory(self.folder) / "valkey.conf"
        path.touch(mode=0o600)
        path.write_text(CONFIGURATION.format(folder=self.folder, **facts), encoding="utf-8")
        if self.account.drops:
            os.chown(path, self.account.uid, self.account.gid)
        return path


def find(state: State) -> Valkey:
    account = find_account()
    return Valkey(state=state, account=account, home=find_home(state, account))
