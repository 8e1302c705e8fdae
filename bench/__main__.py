"""``./run bench``: lists the benches, or runs the one named."""

import argparse
import os
from collections.abc import Callable

import django

LIST = """\
./run bench recompute [--people N] [--sample N] [--rounds N] [--no-growth] [--no-celery]
    the daily run of a city against the bare-SQL floor, a Django loop, JsonLogic and zen-engine; growth; memory
./run bench diagnosis [--people N] [--sample N] [--rounds N]
    why 20,000 disagree, against the time of the run's verdicts and a loop over the pairs
./run bench sentinel [--people N] [--rounds N]
    what comparing a run with the past takes of the run
./run bench suppressions [--people N] [--rounds N]
    what 1,000 and 3,000 suppressed records take of judging everybody
./run bench day [--people N] [--days N]
    ordinary days of a city where everybody is tested and has a history, against the same days without either
./run bench pages [--people N] [--visits N]
    every page that answers GET, in a city of 200,000 with 20,000 open cases: time and database queries
./run bench passes [--people N] [--sample N] [--rounds N]
    passes issued, drawn and verified against bare Ed25519 and qrcode; the code page and a gate's check against an empty page
./run bench show [--people N] [--sample N] [--rounds N]
    code pages and their renewals per second and core, against an empty page and bare signing
./run bench province [--people N] [--cities N] [--openings N] [--sample N] [--measured-people N] [--seed N]
    one day of a province, drawn from what answers, runs, collection and beat take here
./run bench coordinator [--people N] [--sample N]
    the same parts on a Citus cluster that DATABASE_URL names, by its coordinator and its node, against one server
./run bench journal [--entries N] [--rounds N]
    a journal of 1,000,000 entries verified, against SHA-256 over the same bytes

Results go to bench/results/. The city is built for the measurement and dropped after it.
"""


def main() -> None:
    """Read the command line, prepare Django and the embedded servers, and measure."""
    parser = argparse.ArgumentParser(prog="./run bench", usage=LIST, add_help=True)
    benches = parser.add_subparsers(dest="bench")
    for name, people in (("recompute", 1_000_000), ("diagnosis", 1_000_000), ("sentinel", 200_000), ("pages", 200_000)):
        options = benches.add_parser(name)
        options.add_argument("--people", type=int, default=people)
        if name == "pages":
            options.add_argument(
                "--visits", type=int, default=60, help="looks at each page, each about another citizen"
            )
            continue
        options.add_argument("--with-facts", type=int, help="people with facts; default: 8 in 100, 7 for the diagnosis")
        options.add_argument("--sample", type=int, default=2_000, help="people or pairs the slow peers are measured on")
        options.add_argument("--rounds", type=int, default=3, help="of each measurement the median counts")
        if name == "recompute":
            options.add_argument("--no-growth", action="store_true", help="leave out the cities of other sizes")
            options.add_argument("--no-celery", action="store_true", help="leave out the worker processes")
    for name in ("passes", "show"):
        options = benches.add_parser(name)
        options.add_argument("--people", type=int, default=20_000)
        options.add_argument(
            "--sample", type=int, default=500, help="passes in a round, and a quarter of as many visits"
        )
        options.add_argument("--rounds", type=int, default=3, help="of each measurement the median counts")
    options = benches.add_parser("suppressions")
    options.add_argument("--people", type=int, default=60_000)
    options.add_argument("--rounds", type=int, default=3, help="of each measurement the median counts")
    options = benches.add_parser("day")
    options.add_argument("--people", type=int, default=200_000)
    options.add_argument("--days", type=int, default=14)
    options = benches.add_parser("province")
    options.add_argument("--people", type=int, default=100_000_000)
    options.add_argument("--cities", type=int, default=400)
    options.add_argument("--openings", type=int, default=266_000_000, help="of the code page, in the day")
    options.add_argument("--sample", type=int, default=400, help="people who open their codes to be measured")
    options.add_argument(
        "--measured-people", type=int, default=60_000, help="of the city whose ordinary days are measured"
    )
    options.add_argument("--seed", type=int, default=1)
    options = benches.add_parser("coordinator")
    options.add_argument("--people", type=int, default=60_000, help="of the city whose ordinary days are measured")
    options.add_argument("--sample", type=int, default=400, help="people who open their codes to be measured")
    options = benches.add_parser("journal")
    options.add_argument("--entries", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3, help="of each measurement the median counts")
    asked = vars(parser.parse_args())
    name = asked.pop("bench")
    if name is None:
        print(LIST, end="")
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    _bench(name)(**asked)


def _bench(name: str) -> Callable[..., None]:
    from bench import (  # noqa: PLC0415 - they need Django's set-up
        coordinator,
        day,
        diagnosis,
        journal,
        pages,
        passes,
        province,
        recompute,
        sentinel,
        show,
        suppressions,
    )

    benches: dict[str, Callable[..., None]] = {
        "province": province.main,
        "coordinator": coordinator.main,
        "recompute": recompute.main,
        "day": day.main,
        "diagnosis": diagnosis.main,
        "journal": journal.main,
        "pages": pages.main,
        "passes": passes.main,
        "sentinel": sentinel.main,
        "show": show.main,
        "suppressions": suppressions.main,
    }
    return benches[name]


if __name__ == "__main__":
    main()
