"""`./run trust-report FILE …`: write `docs/trust-report.md` from the JUnit file of a run (`./run test --junitxml FILE`)."""

import argparse
import json
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
TRUST = CHECKOUT / "docs" / "trust.md"
REPORT = CHECKOUT / "docs" / "trust-report.md"
SHOWN_BY = Path(__file__).with_name("lines.toml")

SECTION = re.compile(r"^## (.+)$")
LINE = re.compile(r"^- \*\*([A-Z][a-z ]*\d+)\.\*\* (.+)$")


class Outcome(StrEnum):
    """The outcome of one test."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    HOLDS = "holds"
    IN_PART = "holds in part"
    DOES_NOT = "does not hold"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Line:
    """One line of `docs/trust.md`: its section, its number and what must hold."""

    section: str
    number: str
    text: str

    @property
    def key(self) -> str:
        """The line's key in `lines.toml`: `who-may-3` for `Who may 3`."""
        return self.number.lower().replace(" ", "-")


@dataclass(frozen=True)
class Ran:
    """A test that ran: its pytest name without parameters, its outcome and the figures that it recorded."""

    name: str
    outcome: Outcome
    figures: tuple[str, ...] = ()


def lines_of(text: str) -> Iterator[Line]:
    section = ""
    for row in text.splitlines():
        if title := SECTION.match(row):
            section = title[1]
        elif found := LINE.match(row):
            yield Line(section, found[1], found[2])


def shown_by() -> dict[str, dict[str, Any]]:
    return tomllib.loads(SHOWN_BY.read_text(encoding="utf-8"))


def read_junit(path: Path) -> Iterator[Ran]:
    """Yield the tests of a JUnit file. Raises ``ET.ParseError`` and ``OSError``."""
    for case in ET.parse(path).getroot().iter("testcase"):  # noqa: S314 – a file of our own test run
        failed = case.find("failure") is not None or case.find("error") is not None
        skipped = case.find("skipped") is not None
        outcome = Outcome.FAILED if failed else Outcome.SKIPPED if skipped else Outcome.PASSED
        function = case.get("name", "").partition("[")[0]
        figures = tuple(one.get("value", "") for one in case.iter("property") if one.get("name") == "figure")
        yield Ran(f"{case.get('classname', '').replace('.', '/')}.py::{function}", outcome, figures)


def latest(runs: Iterable[list[Ran]]) -> list[Ran]:
    """Return the tests of all runs, with the outcomes of each test's last run."""
    ran: list[Ran] = []
    for again in runs:
        names = {one.name for one in again}
        ran = [one for one in ran if one.name not in names] + again
    return ran


def belongs(ran: Ran, named: str) -> bool:
    """Return whether the test is the named one or is in the named file or folder."""
    return ran.name == named or ran.name.startswith((f"{named}::", f"{named.rstrip('/')}/"))


def judge(tests: list[str], remains: str, ran: list[Ran]) -> tuple[Verdict, str]:
    """Return the line's verdict and its figure.

    A line of which all tests were skipped, or one did not run, was not tried. A line with ``remains`` and without tests
    does not hold.
    """
    mine = [one for one in ran if any(belongs(one, named) for named in tests)]
    missing = [named for named in tests if not any(belongs(one, named) for one in mine)]
    counted = {outcome: sum(one.outcome is outcome for one in mine) for outcome in Outcome}
    figures = [figure for one in mine for figure in one.figures]
    if counted[Outcome.FAILED]:
        names = sorted({one.name for one in mine if one.outcome is Outcome.FAILED})
        return Verdict.DOES_NOT, f"{counted[Outcome.FAILED]} of {len(mine)} tests failed: {', '.join(names)}"
    if remains and not tests:
        return Verdict.DOES_NOT, remains
    if not counted[Outcome.PASSED] or missing:
        return Verdict.NOT_TRIED, (f"did not run: {', '.join(missing)}" if missing else "no test")
    skipped = f", {counted[Outcome.SKIPPED]} skipped" if counted[Outcome.SKIPPED] else ""
    said = "; ".join([f"{counted[Outcome.PASSED]} tests passed{skipped}", *figures])
    if remains:
        return Verdict.IN_PART, f"{said}. Remains: {remains}"
    return Verdict.HOLDS, said


def report(ran: list[Ran], *, day: date, commit: str, further: Mapping[str, str]) -> str:
    """Return the page. ``further`` are figures of runs outside the test suite, by the line's key."""
    known = shown_by()
    rows, counts, section = [], dict.fromkeys(Verdict, 0), ""
    for line in lines_of(TRUST.read_text(encoding="utf-8")):
        entry = known[line.key]
        verdict, figure = judge(entry["tests"], entry.get("remains", ""), ran)
        counts[verdict] += 1
        if line.section != section:
            section = line.section
            rows += ["", f"## {section}", "", "| line | says | verdict | figure |", "|---|---|---|---|"]
        figure = "; ".join(filter(None, [figure, further.get(line.key, "")]))
        rows.append(f"| {line.number} | {line.text} | **{verdict}** | {figure.replace('|', '/')} |")
    total = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    head = [
        "# Trust report",
        "",
        f"Written by `./run trust-report` on {day.isoformat()} from a run of the tests at commit {commit}.",
        "The lines are those of [`trust.md`](trust.md); `tests/trust/lines.toml` names the tests of each.",
        "",
        f"{sum(counts.values())} lines: {total}. {len(ran)} tests ran.",
    ]
    return "\n".join([*head, *rows]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run trust-report", description=__doc__)
    parser.add_argument("junit", type=Path, nargs="+", help="JUnit files: of the whole run, then of tests run again")
    parser.add_argument("--figures", type=Path, help="JSON: figures of longer runs, by line (`runs-5`)")
    parser.add_argument("--commit", help="what the tests ran at; without it, the commit that is checked out")
    options = parser.parse_args()
    git = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    further = json.loads(options.figures.read_text(encoding="utf-8")) if options.figures else {}
    ran = latest(list(read_junit(path)) for path in options.junit)
    REPORT.write_text(
        report(ran, day=datetime.now(UTC).date(), commit=options.commit or git.stdout.strip(), further=further),
        encoding="utf-8",
    )
    sys.stdout.write(f"{REPORT.relative_to(CHECKOUT)} is written from {len(ran)} tests.\n")


if __name__ == "__main__":
    main()
