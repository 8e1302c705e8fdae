"""Twenty plans of faults, as ``./run faults`` does them: after each the five checks hold, and no hands were needed."""

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
# The thousand that are drawn and some more, not the 20,000 that `./run faults` has: further people are registered and green, and
# make the checks long and the faults no harder.
PEOPLE = 1_200
CHECKS = ("one verdict each", "same result hash", "same open cases", "journal accounts", "state tells the truth")
LONGEST_SECONDS = 900
LINE = re.compile(r"^plan (\d+): (.*?) \| (.*?) \| healed ([\d.]+) s", re.MULTILINE)
# What the processes of this test are told by the tests' own environment would lead them to its servers.
OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL", "PORTAL_STATE", "JOURNAL_CHECKPOINTS", "MEDIA_ROOT")


# What a test may take otherwise, the fixture alone may.
pytestmark = pytest.mark.timeout(LONGEST_SECONDS + 60)


@pytest.fixture(scope="module")
def told() -> str:
    """What the plans say of themselves; they share what is costly to make."""
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
