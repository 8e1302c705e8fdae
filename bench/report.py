"""Writing results: a page of Markdown tables and a plot, in ``bench/results/``."""

from collections.abc import Sequence
from pathlib import Path

from django.utils import timezone

from bench.machine import commit, described

RESULTS = Path(__file__).resolve().parent / "results"
Row = Sequence[object]


def table(head: Row, rows: Sequence[Row]) -> str:
    """A Markdown table; all columns but the first to the right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def promise(said: str, value: float, limit: float, *, at_least: bool = False) -> list[str]:
    """A row of the table of promises: what was promised, what was measured, whether it holds."""
    kept = value >= limit if at_least else value <= limit
    return [said, f"{value:.3g}", "yes" if kept else "**no**"]


def write(name: str, title: str, parts: Sequence[str]) -> Path:
    """Write ``results/NAME.md``; the date and the machine are put under the title."""
    RESULTS.mkdir(exist_ok=True)
    page = RESULTS / f"{name}.md"
    measured = f"Measured on {timezone.now():%Y-%m-%d} at commit {commit()} on {described()}."
    page.write_text("\n".join([f"# {title}\n", f"{measured}\n", *parts]), encoding="utf-8")
    return page


def seconds(value: float) -> str:
    """For people: three significant figures."""
    return f"{value:.3g} s"


def micro(value: float) -> str:
    """Seconds as microseconds."""
    return f"{value * 1e6:,.1f} µs"
