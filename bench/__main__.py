"""``./run bench``: the measured claims. Each bench compares with a peer in the same run and prints ratios."""

import argparse
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from bench.recompute import measure  # noqa: E402 - models need the settings first


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    benches = parser.add_subparsers(dest="bench", required=True)
    recompute = benches.add_parser("recompute", help="the daily run against bare SQL and a per-person loop")
    recompute.add_argument("--people", type=int, default=1_000_000)
    recompute.add_argument("--with-facts", type=int, help="people with facts; default: 8 in 100")
    chosen = parser.parse_args()
    measure(chosen.people, chosen.with_facts or chosen.people * 8 // 100)


if __name__ == "__main__":
    main()
