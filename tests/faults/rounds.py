"""Run a plan: make a fresh copy of the cities, do the daily job with its faults, and make the five checks when all work is done."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from codes.models import Run
from regions.keys.encryption import forget_cached_keys
from regions.tenancy import in_city
from tests.faults.acts import OVER, Acts
from tests.faults.cities import Built
from tests.faults.jobs import TABLES
from tests.faults.plan import Fault, Step, plan
from tests.faults.processes import Fleet
from tests.faults.servers import Servers
from tests.faults.watch import is_quiet, job_state, look, reached
from tests.integration.runs.five_checks import Told, five_checks

# The promise: within this time after the last fault everything has recovered without human intervention.
HEALED_SECONDS = 120
QUIET_LOOKS = 4
LINE = 300


@dataclass(frozen=True)
class Outcome:
    """The result of a plan.

    ``checks`` maps each check to what is wrong in any city. ``healed`` is the number of seconds from the last fault until
    all cities had settled.
    """

    seed: int
    faults: list[Fault]
    checks: dict[str, list[str]]
    healed: float
    seconds: float

    @property
    def holds(self) -> bool:
        return not any(self.checks.values())

    def __str__(self) -> str:
        told = ", ".join(f"{name}: {'ok' if not wrong else 'NOT'}" for name, wrong in self.checks.items())
        faults = "; ".join(map(str, self.faults)) or "no fault"
        times = f"healed {self.healed:.1f} s after the last, {self.seconds:.1f} s in all"
        return f"plan {self.seed}: {faults} | {told} | {times}"


@dataclass
class Rounds:
    servers: Servers
    fleet: Fleet
    cities: dict[str, Built]
    told: dict[str, Told]

    def run(self, seed: int, faults: list[Fault] | None = None) -> Outcome:
        """Run the seed's plan, or the specified faults. Seed 0 has no faults."""
        faults = plan(seed) if faults is None and seed else faults or []
        began = time.monotonic()
        acts = Acts(self.servers, self.fleet, self.cities)
        with self.fleet.beats_stopped():
            self._afresh()
        healed = self._day(faults, acts)
        with self.fleet.beats_stopped():
            self._wait_until_quiet()
            checks = self._check(acts)
        if healed > HEALED_SECONDS:
            checks["state tells the truth"].append(f"not healed after {HEALED_SECONDS} s")
        self.fleet.keep_one_beat()
        return Outcome(seed, faults, checks, healed, time.monotonic() - began)

    def _afresh(self) -> None:
        self.fleet.supervise()
        self._wait_until_quiet()
        connection.close()
        self.servers.build_again()
        for folder in (settings.JOURNAL_CHECKPOINTS, settings.MEDIA_ROOT):
            shutil.rmtree(folder, ignore_errors=True)
        forget_cached_keys()

    def _wait_until_quiet(self) -> None:
        """Wait until, at several looks in a row, no message waits in the broker and no query is running in the database."""
        quiet, deadline = 0, time.monotonic() + HEALED_SECONDS
        while quiet < QUIET_LOOKS and time.monotonic() < deadline:
            quiet = quiet + 1 if self.servers.waiting_messages() == 0 and is_quiet(self.servers) else 0
            time.sleep(0.05)

    def _day(self, faults: list[Fault], acts: Acts) -> float:
        """Let the daily job run with its faults. Return the seconds from the last of them until it had settled."""
        to_come, due, last = list(faults), dict[int, float](), time.monotonic()
        while time.monotonic() < last + HEALED_SECONDS:
            seen = look(self.servers)
            self.fleet.supervise()
            for fault in list(to_come):
                at = due.get(id(fault))
                if at is None and reached(fault.moment, seen):
                    at = due[id(fault)] = time.monotonic() + fault.moment.pause
                if at is not None and time.monotonic() >= at:
                    to_come.remove(fault)
                    acts.do(fault)
                    last = time.monotonic()
            if not to_come and acts.all_awake and self._is_over(acts):
                break
            # Each look costs processor time: look often while faults are still to come, rarely afterwards.
            time.sleep(0.01 if to_come else 0.1)
        acts.wake()
        return time.monotonic() - last

    def _is_over(self, acts: Acts) -> bool:
        seen = look(self.servers)
        ended = len(seen) == len(self.cities) and all(
            one.step == Step.ENDED and not one.is_open for one in seen.values()
        )
        return ended and all(job_state(self.servers, TABLES[kind])[0] in OVER for kind in acts.asked)

    def _check(self, acts: Acts) -> dict[str, list[str]]:
        connection.close()
        found: dict[str, list[str]] = {}
        for schema, city in self.cities.items():
            with in_city(schema):
                runs = list(Run.objects.order_by("pk"))
                if not runs:
                    found.setdefault("state tells the truth", []).append(f"{schema}: no run")
                    continue
                for name, wrong in five_checks(runs, self.told[schema], city.keys).items():
                    found.setdefault(name, []).extend(f"{schema}: {one}" for one in wrong)
        for kind in acts.asked:
            state, why = job_state(self.servers, TABLES[kind])
            if state != "done":
                found["state tells the truth"].append(f"what was asked for before '{kind}' is {state} {why}")
        return found


def tell(outcome: Outcome, say: Callable[[str], object]) -> None:
    """Report the outcome as one line, followed by what is wrong."""
    say(str(outcome))
    for name, wrong in outcome.checks.items():
        for line in wrong[:10]:
            say(f"    {name}: {line[:LINE]}")
