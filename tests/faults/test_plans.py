"""Twenty plans of faults, as run by ``./run faults``: after each the five checks hold, without human intervention."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.plan import HARD, NOISE, Kind, plan

CHECKOUT = Path(__file__).resolve().parents[2]
SEEDS = range(1, 21)
# All of them drawn, in partitions of 24 and therefore in as many as a thousand of `./run faults`. More people make the daily job and the
# checks slower and the faults no harder.
PEOPLE = 400
CHECKS = ("one verdict each", "same result hash", "same open cases", "journal accounts", "state tells the truth")
LONGEST_SECONDS = 900
LINE = re.compile(r"^plan (\d+): (.*?) \| (.*?) \| healed ([\d.]+) s", re.MULTILINE)
# Variables of the tests' environment that the subprocess must not inherit: they point to the tests' own servers.
OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL", "PORTAL_STATE", "JOURNAL_CHECKPOINTS", "MEDIA_ROOT")


# The fixture alone may take as long as other tests may in all.
pytestmark = pytest.mark.timeout(LONGEST_SECONDS + 60)


@pytest.fixture(scope="module")
def told() -> str:
    """The output of all plans. They run in one process, which builds the cities only once."""
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "-m", "tests.faults", "--seeds", f"{SEEDS[0]}..{SEEDS[-1]}", "--people", str(PEOPLE)]
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        try:
            said, _ = running.communicate(timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGINT)  # so that it ends what it has started
            said, _ = running.communicate(timeout=60)
    return said


def test_every_plan_ends_as_if_nothing_had_happened(told: str) -> None:
    found = {int(seed): checks for seed, _, checks, _ in LINE.findall(told)}
    assert sorted(found) == [0, *SEEDS], told
    wanted = ", ".join(f"{name}: ok" for name in CHECKS)
    assert {seed: checks for seed, checks in found.items() if checks != wanted} == {}, told


def test_the_plans_hold_every_fault() -> None:
    assert {fault.kind for seed in SEEDS for fault in plan(seed)} == set(Kind)
    assert set(HARD) | set(NOISE) == set(Kind)


def test_a_seed_is_a_plan() -> None:
    assert list(map(plan, SEEDS)) == list(map(plan, SEEDS))
    assert len({str(plan(seed)) for seed in range(1, 201)}) == 200
