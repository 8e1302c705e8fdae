"""The plans of a range of seeds, one after the other, on one installation."""

import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from django.db import connection

from tests.faults.cities import build, told_by_oracle, write_sources
from tests.faults.processes import Fleet
from tests.faults.rounds import Outcome, Rounds, tell
from tests.faults.servers import Servers


def campaign(servers: Servers, seeds: Iterable[int], folder: Path) -> int:
    """Run the undisturbed day, then the plans. Return 0 if all five checks hold after each of them, else 1."""
    began = time.monotonic()
    os.environ |= write_sources(folder)
    with ProcessPoolExecutor(1) as beside:
        judged = beside.submit(told_by_oracle)
        cities = build()
        told = judged.result()
    connection.close()
    servers.keep_as_built()
    _say(
        f"three cities of {sum(len(one.keys.citizens) for one in cities):,} people were built and judged by the oracle"
        f" in {time.monotonic() - began:.0f} s"
    )
    fleet = Fleet(folder)
    try:
        fleet.wait_until_up()
        rounds = Rounds(servers, fleet, {one.schema: one for one in cities}, told)
        outcomes = [_told(rounds.run(seed)) for seed in [0, *seeds]]
    finally:
        fleet.end()
    return _summed_up(outcomes)


def _told(outcome: Outcome) -> Outcome:
    tell(outcome, _say)
    return outcome


def _summed_up(outcomes: list[Outcome]) -> int:
    held = [one for one in outcomes if one.holds]
    slowest = max(one.healed for one in outcomes)
    _say(f"{len(held)}/{len(outcomes)} plans hold; healed at the latest {slowest:.1f} s after the last fault")
    for one in outcomes:
        if not one.holds:
            _say(f"again: ./run faults --seed {one.seed}")
    return 0 if len(held) == len(outcomes) else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
