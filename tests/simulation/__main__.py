"""``./run simulate``: months of a simulated city, held against the oracle day by day; a failing seed is one number to repeat."""

import argparse
import gc
import logging
import sys
import time
import traceback
from pathlib import Path

from django.test import override_settings

from regions.keys.encryption import forget_cached_keys
from regions.tenancy import in_city
from tests import quick_hasher
from tests.own_database import own_copy, session_database
from tests.simulation.month import PEOPLE, month
from tests.simulation.stage import SCHEMA

DAYS = 30


def main() -> int:
    """Simulate the months of all seeds. Return 1 if oracle and portal differ on any day of any seed, else 0."""
    arguments = _arguments()
    logging.disable(logging.WARNING)
    first, _, last = arguments.seeds.partition("..")
    seeds = range(int(first), int(last or first) + 1)
    # Exclude the imported modules from garbage collection: it took a tenth of the time, and they are never freed.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    with override_settings(PASSWORD_HASHERS=[quick_hasher.PATH]), session_database():
        failed = [seed for seed in seeds if not _lived(seed, arguments)]
    _say(f"{len(seeds) - len(failed)} of {len(seeds)} months agree" + (f"; not those of {failed}" if failed else ""))
    return 1 if failed else 0


def _lived(seed: int, arguments: argparse.Namespace) -> bool:
    """Simulate the seed in its own copy of the city. Return whether all days agree; stop on the first that does not."""
    began, days = time.monotonic(), 0
    again = f"./run simulate --seed {seed} --days {arguments.days} --people {arguments.people}"
    try:
        with own_copy(), in_city(SCHEMA):
            for told in month(seed, days=arguments.days, people=arguments.people):
                days += 1
                if not arguments.quiet or told.differences:
                    _say(f"seed {seed} {told}")
                if told.differences:
                    _say(*(f"    {one}" for one in told.differences), f"    again: {again}")
                    return False
    except Exception as error:
        if not arguments.go_on:
            _say(f"seed {seed} stopped on day {days}; again: {again}")
            raise
        _say(f"seed {seed} stopped on day {days}: {_in_short(error)}; again: {again}")
        return False
    finally:
        forget_cached_keys()
    _say(f"seed {seed}: {days} days agree, {time.monotonic() - began:.0f} s")
    return True


def _in_short(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error)[:300]} ({Path(place.filename).name}:{place.lineno})"


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run simulate", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seed", dest="seeds", metavar="N", default="0")
    which.add_argument("--seeds", dest="seeds", metavar="A..B", help="one after the other, both included")
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--quiet", action="store_true", help="a line for each month instead of each day")
    parser.add_argument(
        "--go-on", action="store_true", help="with the next seed, also after an error that nobody expected"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
