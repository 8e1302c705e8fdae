"""Writing results: a page of Markdown tables and a plot, in ``bench/results/``."""

from collections.abc import Sequence
from pathlib import Path

from django.utils import timezone

from bench.machine import commit, described

RESULTS = Path(__file__).resolve().parent / "results"
Row = Sequence[object]


def table(head: Row, rows: Sequence[Row]) -> str:
    """Return a Markdown table; all columns but the first are right-aligned."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def promise(said: str, value: float, limit: float, *, at_least: bool = False) -> list[str]:
    """Return a row of the table of promises: the promise, the measured value, and whether it is kept."""
    kept = value >= limit if at_least else value <= limit
    return [said, f"{value:.3g}", "yes" if kept else "**no**"]


def write(name: str, title: str, parts: Sequence[str]) -> Path:
    """Write ``results/NAME.md`` with the date and the machine under the title."""
    RESULTS.mkdir(exist_ok=True)
    page = RESULTS / f"{name}.md"
    measured = f"Measured on {timezone.now():%Y-%m-%d} at commit {commit()} on {described()}."
    page.write_text("\n".join([f"# {title}\n", f"{measured}\n", *parts]), encoding="utf-8")
    return page


def seconds(value: float) -> str:
    """Format seconds with three significant figures."""
    return f"{value:.3g} s"


def micro(value: float) -> str:
    """Format seconds as microseconds."""
    return f"{value * 1e6:,.1f} µs"
