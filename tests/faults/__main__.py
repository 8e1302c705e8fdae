"""``./run faults``: 200 seeded plans of faults on the daily job, each with its five checks; a failing seed is one number to repeat."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

LEASE_SECONDS = 3
# The cities' runs have some twenty partitions in all, for faults between them. With more people than are drawn there are more.
PARTITION_CITIZENS, DRAWN_PEOPLE = 60, 1_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run faults", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seed", dest="seeds", metavar="N")
    which.add_argument("--seeds", dest="seeds", metavar="A..B", default="1..200", help="both included")
    parser.add_argument(
        "--isolation", action="store_true", help="two cities hammered instead: no answer holds the other's"
    )
    parser.add_argument("--responses", type=int, default=1_000_000, metavar="N", help="of --isolation")
    parser.add_argument("--people", type=int, default=20_000, metavar="N", help="of the three cities, 400 or more")
    parser.add_argument("--keep", action="store_true", help="leave the folder with the logs")
    asked = parser.parse_args()
    if asked.isolation:
        return _isolation(asked.responses, seeds=asked.seeds)
    first, _, last = asked.seeds.partition("..")
    with _folder(keep=asked.keep) as folder:
        _prepare_environment(folder, people=asked.people)
        return _run(range(int(first), int(last or first) + 1), folder)


def _isolation(responses: int, *, seeds: str) -> int:
    command = [sys.executable, "-m", "pytest", "tests/faults/test_isolation.py", "--quiet", "--numprocesses", "0"]
    environment = {**os.environ, "ISOLATION_RESPONSES": str(responses), "ISOLATION_SEED": seeds}
    return subprocess.run([*command, "-p", "no:logging"], env=environment, check=False).returncode


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    """Create the folder for the plans' own servers and files. It is removed at the end unless ``keep``."""
    folder = Path(tempfile.mkdtemp(prefix="portal-faults-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        if keep:
            sys.stdout.write(f"{folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _prepare_environment(folder: Path, *, people: int) -> None:
    """Set the environment of this process and of all that it starts. Call it before Django reads its settings."""
    from tests.worlds import NOW, tick  # noqa: PLC0415 - needs no Django; the others do

    state = folder / "state"
    state.mkdir(mode=0o711)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "PORTAL_STATE": str(state),
        "LEASE_SECONDS": str(LEASE_SECONDS),
        "PARTITION_CITIZENS": str(PARTITION_CITIZENS * min(people, DRAWN_PEOPLE) // DRAWN_PEOPLE),
        "FAULTS_PEOPLE": str(people),
        "CITY_LOGINS": "on",
        "SOURCE_ALLOW_LIST": "sqlite:*,127.0.0.1:9",
        "LOG_LEVEL": "WARNING",
        # Skip Django's system checks, which Celery runs at every start of a worker or a beat. Here they start often.
        "CELERY_SKIP_CHECKS": "1",
        "FAULTS_CLOCK_BEGINS": (tick(NOW)).isoformat(),
        "FAULTS_CLOCK_SINCE": str(time.time() - 60),
    }


def _run(seeds: range, folder: Path) -> int:
    from tests.faults import servers  # noqa: PLC0415 - it reads the environment

    running = servers.start()
    try:
        os.environ |= running.urls
        django.setup()
        from tests.faults.campaign import campaign  # noqa: PLC0415 - it needs Django's set-up

        return campaign(running, seeds, folder)
    finally:
        servers.stop()


if __name__ == "__main__":
    sys.exit(main())
