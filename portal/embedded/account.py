"""The user the embedded servers run as, and the place that user can reach.

PostgreSQL refuses to run as root. Started by root, the servers run as `postgres` or `nobody` instead, and whatever such
a user cannot reach (a checkout under /root, say) is kept under /var/lib.
"""

import hashlib
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.errors import EmbeddedServerError
from portal.embedded.state import State

FALLBACK = Path("/var/lib/health-code-portal")
# The servers see nothing of the caller's environment: a stray PGPORT or PGDATA must not redirect them.
CLEAN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Account:
    """The user of the server processes; `drops` when that is not the one who runs the command."""

    name: str
    uid: int
    gid: int
    drops: bool

    def run(self, arguments: Sequence[object], *, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a program as this user and wait for it; its exit code is the caller's to judge."""
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
        """Whether this user may run the program, or enter the directory, at `path`."""
        return self.run(["/usr/bin/test", "-x", path], timeout=10).returncode == 0

    def give_directory(self, path: Path) -> Path:
        """Make a directory that only this user may enter (root still may)."""
        if not path.is_dir():
            path.mkdir(mode=0o700)
            if self.drops:
                os.chown(path, self.uid, self.gid)
        return path

    def processes_in(self, directory: Path) -> list[int]:
        """The processes of this user whose working directory is `directory`.

        Asked as that user: in a container root may not look at another user's processes.
        """
        script = 'for p in /proc/[0-9]*; do [ "$p/cwd" -ef "$0" ] && echo "${p#/proc/}"; done; true'
        return [int(line) for line in self.run(["/bin/sh", "-c", script, directory], timeout=30).stdout.split()]


def find_account() -> Account:
    """The caller, or for root the first of `postgres` and `nobody` that the machine has."""
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
    """The directory the servers live in: the state directory, or one under /var/lib where that is out of reach."""
    mark = hashlib.sha256(os.fsencode(state.directory)).hexdigest()[:12]
    fallback = FALLBACK / mark
    if not account.drops or (not fallback.is_dir() and account.can_execute(state.directory)):
        return state.directory
    for folder in (FALLBACK, fallback):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    return fallback
