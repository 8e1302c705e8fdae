"""One PostgreSQL on the loopback, started on demand, that survives `kill -9` and two commands starting at once."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.account import CLEAN_ENVIRONMENT, Account, find_account, find_home
from portal.embedded.errors import EmbeddedServerError
from portal.embedded.programs import find_postgres
from portal.embedded.state import State, free_port

NAME = "postgres"
ROLES = Path(__file__).with_name("roles.sql")
SHARED_MEMORY = Path("/dev", "shm")
START_SECONDS = 120
# For two cores and a few gigabytes, with a million citizens' verdicts written in one run.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # Compiling a statement costs more than the engine's short queries take.
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}


@dataclass(frozen=True)
class PostgresUrls:
    """Three logins of one database: the application's, the owner's and the superuser's."""

    app: str
    owner: str
    superuser: str


@dataclass(frozen=True)
class Postgres:
    """The cluster that belongs to one state directory."""

    state: State
    account: Account
    home: Path

    @property
    def data(self) -> Path:
        return self.home / NAME / "data"

    @property
    def log(self) -> Path:
        return self.home / NAME / "server.log"

    def urls(self) -> PostgresUrls:
        """The logins as last remembered; the server must have been started once."""
        facts = self.state.recall(NAME)
        place = f"127.0.0.1:{facts['port']}"
        return PostgresUrls(
            app=f"postgresql://portal_app:{facts['app']}@{place}/portal",
            owner=f"postgresql://portal_owner:{facts['owner']}@{place}/portal",
            superuser=f"postgresql://postgres:{facts['superuser']}@{place}/portal",
        )

    def is_running(self) -> bool:
        """Whether this cluster's own server answers; a lock file left by `kill -9` does not count."""
        facts = self.state.recall(NAME)
        lock = self._lock_file()
        if not facts or len(lock) < 4 or lock[1] != str(self.data) or lock[3] != facts["port"]:
            return False
        return _is_alive(int(lock[0])) and self._answers(facts)

    def is_ready(self) -> bool:
        """Whether it runs and its roles and database were made."""
        return self.state.recall(NAME).get("provisioned") == "yes" and self.is_running()

    def start(self) -> None:
        """Bring the server up from whatever state it was left in. Call with the state locked."""
        facts = self.state.recall(NAME) or {role: secrets.token_urlsafe(24) for role in ("app", "owner", "superuser")}
        programs = find_postgres(self.account, self.home)
        if not self.data.is_dir():
            facts.pop("provisioned", None)
            self._create(programs, facts["superuser"])
        if not self.is_running():
            self._launch(programs, facts)
        if facts.get("provisioned") != "yes":
            self._provision(programs, facts)
            self.state.remember(NAME, facts | {"provisioned": "yes"})

    def stop(self) -> bool:
        """Shut down cleanly; True if it was running. Call with the state locked."""
        if not self.is_running():
            return False
        program = Path(self.state.recall(NAME)["programs"]) / "pg_ctl"
        for mode, seconds in (("fast", 60), ("immediate", 30)):
            command: list[str | Path] = [
                program,
                "stop",
                "--pgdata",
                self.data,
                "--mode",
                mode,
                "--timeout",
                str(seconds),
            ]
            if self.account.run(command, timeout=seconds + 30).returncode == 0:
                return True
        raise EmbeddedServerError(f"PostgreSQL would not stop; its log is {self.log}.")

    def _answers(self, facts: dict[str, str]) -> bool:
        command = [f"{facts['programs']}/pg_isready", "--host=127.0.0.1", f"--port={facts['port']}", "--timeout=3"]
        try:
            return subprocess.run(command, env=CLEAN_ENVIRONMENT, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False

    def _lock_file(self) -> list[str]:
        """The lines of `postmaster.pid`: process, data directory, start time, port, …; empty when there is none."""
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise EmbeddedServerError(f"{self.data} belongs to another user: set PORTAL_STATE.") from error

    def _create(self, programs: Path, superuser_password: str) -> None:
        """Make the cluster beside its final place, so that an interrupted attempt leaves nothing half made."""
        folder = self.account.give_directory(self.home / NAME)
        draft, password_file = folder / "data.draft", folder / "password"
        shutil.rmtree(draft, ignore_errors=True)
        password_file.touch(mode=0o600)
        password_file.write_text(superuser_password, encoding="utf-8")
        if self.account.drops:
            os.chown(password_file, self.account.uid, self.account.gid)
        made = self.account.run(
            [
                programs / "initdb",
                "--username=postgres",
                "--auth=scram-sha-256",
                f"--pwfile={password_file}",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                f"--pgdata={draft}",
            ],
            timeout=START_SECONDS,
        )
        password_file.unlink()
        if made.returncode != 0:
            raise EmbeddedServerError(f"initdb failed: {made.stderr.strip()}")
        draft.rename(self.data)

    def _launch(self, programs: Path, facts: dict[str, str]) -> None:
        """Start and wait until it answers; a server that is only busy recovering is waited for."""
        recovering = self._clear_wreckage()
        facts |= {"port": recovering or free_port(facts.get("port")), "programs": str(programs)}
        self.state.remember(NAME, facts)
        if not recovering:
            settings = SETTINGS | {"port": facts["port"], "dynamic_shared_memory_type": _shared_memory()}
            command: list[str | Path] = [programs / "pg_ctl", "start", "--pgdata", self.data, "--log", self.log]
            command += ["--wait", "--timeout", str(START_SECONDS)]
            command += ["--options", " ".join(f"-c {name}='{value}'" for name, value in settings.items())]
            self.account.run(command, timeout=START_SECONDS + 30)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline or not self.account.processes_in(self.data):
                raise EmbeddedServerError(f"PostgreSQL did not start; its log is {self.log}.")
            time.sleep(0.05)

    def _clear_wreckage(self) -> str | None:
        """The port of our own server if it lives but does not answer yet; else make way for a new one.

        After `kill -9` PostgreSQL refuses to start while an orphan holds the shared memory, or while the process number
        in the lock file is in use by anybody – which after a restart of a container is nearly certain.
        """
        lock = self._lock_file()
        if len(lock) >= 4 and int(lock[0]) in self.account.processes_in(self.data):
            return lock[3]
        while orphans := self.account.processes_in(self.data):
            for orphan in orphans:
                _kill(orphan)
            time.sleep(0.05)
        if lock:
            (self.data / "postmaster.pid").unlink()
        return None

    def _provision(self, programs: Path, facts: dict[str, str]) -> None:
        """Make the two logins and the database; passwords travel in the environment, which only the caller can read."""
        environment = CLEAN_ENVIRONMENT | {
            "PGPASSWORD": facts["superuser"],
            "PORTAL_OWNER_PASSWORD": facts["owner"],
            "PORTAL_APP_PASSWORD": facts["app"],
        }
        command = [f"{programs}/psql", "--no-psqlrc", "--host=127.0.0.1", f"--port={facts['port']}"]
        command += ["--username=postgres", "--dbname=postgres", f"--file={ROLES}"]
        made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise EmbeddedServerError(f"The portal's database could not be made: {made.stderr.strip()}")


def find(state: State) -> Postgres:
    """The cluster of a state directory, whether or not it exists yet."""
    account = find_account()
    return Postgres(state=state, account=account, home=find_home(state, account))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _shared_memory() -> str:
    """Parallel queries need room in /dev/shm; a container often has 64 MB there, and then files serve instead."""
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except FileNotFoundError:
        free = 0
    return "posix" if free >= 1 << 30 else "mmap"
