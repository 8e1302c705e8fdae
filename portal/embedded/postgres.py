"""The embedded PostgreSQL on the loopback: started on demand, and again after `kill -9` or by two commands at once."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.programs import CLEAN_ENVIRONMENT, Account, find_account, find_home, find_postgres
from portal.embedded.state import EmbeddedServerError, State, free_port

INITDB_SECONDS = 120
LOCK_FILE_LINES = 4


def create(folder: Path, *, programs: Path, account: Account, superuser_password: str) -> None:
    """Create `folder/data`, under a temporary name first, so that an interrupted attempt leaves no incomplete cluster."""
    draft, password_file = folder / "data.draft", folder / "password"
    shutil.rmtree(draft, ignore_errors=True)
    password_file.touch(mode=0o600)
    password_file.write_text(superuser_password, encoding="utf-8")
    if account.drops:
        os.chown(password_file, account.uid, account.gid)
    command = [programs / "initdb", "--username=postgres", "--auth=scram-sha-256", f"--pwfile={password_file}"]
    command += ["--encoding=UTF8", "--locale=C.UTF-8", f"--pgdata={draft}"]
    made = account.run(command, timeout=INITDB_SECONDS)
    password_file.unlink()
    if made.returncode != 0:
        raise EmbeddedServerError(f"initdb failed: {made.stderr.strip()}")
    draft.rename(folder / "data")


def check_release(data: Path, *, programs: Path, account: Account) -> None:
    """Raise EmbeddedServerError if the programs are of another major release than the one that created the files."""
    files = (data / "PG_VERSION").read_text(encoding="utf-8").strip()
    answer = account.run([programs / "postgres", "--version"], timeout=10).stdout
    if f" {files}." not in answer:
        raise EmbeddedServerError(
            f"{data} was made by PostgreSQL {files}, and {programs} holds another release ({answer.strip()}): set "
            f"PORTAL_PG_BIN to PostgreSQL {files}, or move the directory away and start afresh."
        )


def lock_file(data: Path) -> list[str]:
    """Return the lines of `postmaster.pid` (process, data directory, start time, port, …); empty if it is missing or incomplete."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except PermissionError as error:
        raise EmbeddedServerError(f"{data} belongs to another user: set PORTAL_STATE.") from error
    return lines if len(lines) >= LOCK_FILE_LINES else []


def remove_stale_server(data: Path, account: Account) -> str | None:
    """Return the port of this cluster's server if it runs without answering yet; otherwise remove what would stop a new one.

    After `kill -9` PostgreSQL refuses to start while an orphan holds the shared memory, or while any process has the number in the
    lock file, which after a restart of a container is almost certain.
    """
    lock = lock_file(data)
    if lock and int(lock[0]) in account.processes_in(data):
        return lock[3]
    while orphans := account.processes_in(data):
        for orphan in orphans:
            with suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)
        time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)
    return None


SHARED_MEMORY = Path("/dev", "shm")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # Compiling a statement takes longer than the engine's short queries.
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}


def server_options(port: str) -> str:
    """Return the settings as the single argument of `pg_ctl --options`."""
    settings = SETTINGS | {"port": port, "dynamic_shared_memory_type": _shared_memory_type()}
    return " ".join(f"-c {name}='{value}'" for name, value in settings.items())


def _shared_memory_type() -> str:
    """Return where parallel queries share memory: /dev/shm, or files if it is small (often 64 MB in a container)."""
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except FileNotFoundError:
        free = 0
    return "posix" if free >= 1 << 30 else "mmap"


NAME = "postgres"
ROLES = Path(__file__).with_name("roles.sql")
START_SECONDS = 120


@dataclass(frozen=True)
class PostgresUrls:
    """Three logins of one database: the application's, the owner's and the superuser's."""

    app: str
    owner: str
    superuser: str


@dataclass(frozen=True)
class Postgres:
    """The cluster of one state directory."""

    state: State
    account: Account
    home: Path

    @property
    def folder(self) -> Path:
        return self.home / NAME

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def urls(self) -> PostgresUrls:
        """Return the logins as last saved. The server must have been started once."""
        facts = self.state.load(NAME)
        place = f"127.0.0.1:{facts['port']}"
        return PostgresUrls(
            app=f"postgresql://portal_app:{facts['app']}@{place}/portal",
            owner=f"postgresql://portal_owner:{facts['owner']}@{place}/portal",
            superuser=f"postgresql://postgres:{facts['superuser']}@{place}/portal",
        )

    def is_running(self) -> bool:
        """Return whether this cluster's own server answers; a lock file left by `kill -9` does not count."""
        facts = self.state.load(NAME)
        lock = lock_file(self.data)
        if not facts or not lock or lock[1] != str(self.data) or lock[3] != facts["port"]:
            return False
        return _is_alive(int(lock[0])) and _answers(facts)

    def is_ready(self) -> bool:
        """Return whether it runs and its roles and database have been created."""
        return self.state.load(NAME).get("provisioned") == "yes" and self.is_running()

    def start(self) -> None:
        """Start the server from whatever state it was left in. Call with the state locked."""
        facts = self.state.load(NAME) or {role: secrets.token_urlsafe(24) for role in ("app", "owner", "superuser")}
        if not self.is_running():
            facts |= {"programs": str(find_postgres(self.account, self.home))}
            if not self.data.is_dir():
                facts.pop("provisioned", None)
                folder, programs = self.account.give_directory(self.folder), Path(facts["programs"])
                create(folder, programs=programs, account=self.account, superuser_password=facts["superuser"])
            self._launch(facts)
        if facts.get("provisioned") != "yes":
            _provision(facts)
            self.state.save(NAME, facts | {"provisioned": "yes"})

    def stop(self) -> bool:
        """Shut down cleanly. Return whether it was running. Call with the state locked."""
        lock = lock_file(self.data)
        if not lock or int(lock[0]) not in self.account.processes_in(self.data):
            return False
        program = Path(self.state.load(NAME)["programs"]) / "pg_ctl"
        for mode, seconds in (("fast", 60), ("immediate", 30)):
            command = [program, "stop", "--pgdata", self.data, f"--mode={mode}", f"--timeout={seconds}"]
            if self.account.run(command, timeout=seconds + 30).returncode == 0:
                return True
        raise EmbeddedServerError(f"PostgreSQL would not stop; its log is {self.log}.")

    def _launch(self, facts: dict[str, str]) -> None:
        """Start the server and wait until it answers. If it is only busy recovering, wait for it."""
        programs = Path(facts["programs"])
        check_release(self.data, programs=programs, account=self.account)
        recovering = remove_stale_server(self.data, self.account)
        facts |= {"port": recovering or free_port(facts.get("port"))}
        self.state.save(NAME, facts)
        if not recovering:
            command = [programs / "pg_ctl", "start", "--pgdata", self.data, "--log", self.log, "--wait"]
            command += [f"--timeout={START_SECONDS}", f"--options={server_options(facts['port'])}"]
            self.account.run(command, timeout=START_SECONDS + 30)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline or not self.account.processes_in(self.data):
                raise EmbeddedServerError(f"PostgreSQL did not start; its log is {self.log}.")
            time.sleep(0.05)


def find(state: State) -> Postgres:
    """Return the cluster of a state directory, whether or not it exists yet."""
    account = find_account()
    return Postgres(state=state, account=account, home=find_home(state, account))


def _answers(facts: dict[str, str]) -> bool:
    command = [f"{facts['programs']}/pg_isready", "--host=127.0.0.1", f"--port={facts['port']}", "--timeout=3"]
    try:
        return subprocess.run(command, env=CLEAN_ENVIRONMENT, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _provision(facts: dict[str, str]) -> None:
    """Create the two logins and the database. Passwords are passed in the environment, which only the caller can read."""
    environment = CLEAN_ENVIRONMENT | {
        "PGPASSWORD": facts["superuser"],
        "PORTAL_OWNER_PASSWORD": facts["owner"],
        "PORTAL_APP_PASSWORD": facts["app"],
    }
    command = [f"{facts['programs']}/psql", "--no-psqlrc", "--host=127.0.0.1", f"--port={facts['port']}"]
    command += ["--username=postgres", "--dbname=postgres", f"--file={ROLES}"]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise EmbeddedServerError(f"The portal's database could not be made: {made.stderr.strip()}")
