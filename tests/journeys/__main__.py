"""`./run journeys FILE …`: write `docs/journeys.md` from the JUnit file of a run (`./run test --junitxml FILE`)."""

import argparse
import json
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from tests.journeys.measuring import PROPERTY, Taken
from tests.trust.__main__ import CHECKOUT

PAGE = CHECKOUT / "docs" / "journeys.md"
SENTENCES = Path(__file__).with_name("sentences.toml")
# In the order of the page. Writing the page fails if a test measures a journey that is not listed here.
TITLES = {
    "sign_in": "From the first page to My code and why it is that colour",
    "check_in": "The daily check-in, from My code",
    "declare": "A declaration without symptoms, from My code to its number",
    "appeal": "An appeal with a photo, from My code to its number",
    "case": "An official: from sign-in to a case decided, with the next one on the screen",
    "group": "An official: from the queue to one decision proposed for all who are alike",
    "together": "A second official: from the overview to that decision approved for one, all others taken out",
    "export": "An auditor: from sign-in to a month's report and its manifest in hand",
    "outage": "Head of an office: from sign-in to why today's run could judge nobody",
    "province": "The province's operator: from sign-in to which source's data is too old, and thirty days of its city",
}
LANGUAGES = {"zh-hans": "Chinese", "en": "English"}


def measured(path: Path) -> Iterator[Taken]:
    """Yield the measures of the tests of a JUnit file. Raises ``ET.ParseError`` and ``OSError``."""
    for one in ET.parse(path).getroot().iter("property"):  # noqa: S314 – a file of our own test run
        if one.get("name") == PROPERTY:
            yield Taken(**json.loads(one.get("value", "")))


def sentences() -> list[dict[str, list[str] | str]]:
    found: list[dict[str, list[str] | str]] = tomllib.loads(SENTENCES.read_text(encoding="utf-8"))["sentence"]
    return found


def linked(test: str) -> str:
    path, _, function = test.partition("::")
    return f"[{function or path}](../{path})"


def page(taken: Iterable[Taken]) -> str:
    places = list(TITLES)
    order = sorted(taken, key=lambda one: (places.index(one.journey), one.device, one.language))
    head = [
        "# Journeys",
        "",
        "Written by `./run journeys` from a run of the tests in Chromium. Clicks are taps the browser saw, screens the pages it",
        "showed, seconds what the machine took from the first tap to the last page: nobody's reading is in them, and a busy machine is",
        "slower. A photo is handed to the page, and lists are chosen from without being opened: the taps of the browser's own",
        "choosers are not counted.",
        "",
        "| journey | device | language | clicks | screens | seconds |",
        "|---|---|---|---|---|---|",
    ]
    rows = [
        f"| {TITLES[one.journey]} | {one.device} | {LANGUAGES[one.language]} | {one.clicks} | {one.screens} | {one.seconds} |"
        for one in order
    ]
    held = []
    for room, of_room in groupby(sentences(), lambda one: one["room"]):
        held += ["", f"## What must hold for {room}", "", "| what | held by |", "|---|---|"]
        held += [f"| {one['says']} | {', '.join(map(linked, one['tests']))} |" for one in of_room]
    return "\n".join([*head, *rows, *held]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run journeys", description=__doc__)
    parser.add_argument("junit", type=Path, nargs="+", help="JUnit files of tests/journeys")
    options = parser.parse_args()
    taken = [one for path in options.junit for one in measured(path)]
    if not taken:
        parser.error("no journey was measured in these files: is there a browser on this machine?")
    PAGE.write_text(page(taken), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(CHECKOUT)} is written from {len(taken)} journeys.\n")


if __name__ == "__main__":
    main()
