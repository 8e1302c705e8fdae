"""``./run screenshots``: every page at a phone and a desktop, in both languages, into ``screenshots/``."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.closing_lines import WANTS_CHROMIUM
from tests.journeys.chrome import find_chrome
from tests.screenshots.taking import take

FOLDER = Path("screenshots")


def main() -> int:
    """Build the world, walk along the gallery, and say where the pictures are."""
    arguments = _arguments()
    program = find_chrome()
    if program is None:
        sys.stderr.write(f"{WANTS_CHROMIUM}\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="portal-world-") as folder:
        count = take(
            program,
            Path(folder),
            into=FOLDER,
            only=arguments.only,
            languages=arguments.language or ["zh-hans", "en"],
            devices=arguments.device or ["phone", "desktop"],
            for_guide=arguments.guide,
        )
    sys.stdout.write(f"{count} pictures in {'docs/guide/pictures' if arguments.guide else FOLDER}/\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run screenshots", description=__doc__)
    parser.add_argument(
        "only", nargs="*", metavar="NAME", help="names of addresses, such as citizen_code; default: all"
    )
    parser.add_argument("--language", action="append", choices=["zh-hans", "en"])
    parser.add_argument("--device", action="append", choices=["phone", "desktop"])
    parser.add_argument("--guide", action="store_true", help="make the small pictures of docs/guide/ instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
