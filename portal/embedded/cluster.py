"""The files of a PostgreSQL cluster: made once, and put right after a server was killed."""

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

from portal.embedded.account import Account
from portal.embedded.errors import EmbeddedServerError

INITDB_SECONDS = 120
LOCK_FILE_LINES = 4


def create(folder: Path, *, programs: Path, account: Account, superuser_password: str) -> None:
    """Make `folder/data`, beside its final place first, so that an interrupted attempt leaves nothing half made."""
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
    """Refuse to start programs of another major release than the files were made by."""
    files = (data / "PG_VERSION").read_text(encoding="utf-8").strip()
    answer = account.run([programs / "postgres", "--version"], timeout=10).stdout
    if f" {files}." not in answer:
        raise EmbeddedServerError(
            f"{data} was made by PostgreSQL {files}, and {programs} holds another release ({answer.strip()}): set "
            f"PORTAL_PG_BIN to PostgreSQL {files}, or move the directory away and start afresh."
        )


def lock_file(data: Path) -> list[str]:
    """The lines of `postmaster.pid`: process, data directory, start time, port, …; empty when there is none.

    The server writes it line by line, so a file with fewer than the first four lines counts as none.
    """
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except PermissionError as error:
        raise EmbeddedServerError(f"{data} belongs to another user: set PORTAL_STATE.") from error
    return lines if len(lines) >= LOCK_FILE_LINES else []


def clear_wreckage(data: Path, account: Account) -> str | None:
    """The port of this cluster's own server if it lives but does not answer yet; else make way for a new one.

    After `kill -9` PostgreSQL refuses to start while an orphan holds the shared memory, or while the process number
    in the lock file is in use by anybody – which after a restart of a container is nearly certain.
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
