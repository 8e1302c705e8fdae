"""Charts as inline SVG: the geometry is computed here, the template only draws. A table with the numbers stands under each."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 28
BAR, GAP = 22, 10
LABEL_WIDTH = 180
MOST_LABELS = 7


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Line:
    """One series: its points as SVG wants them, and where its name stands."""

    name: str
    points: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class LineChart:
    """Values over time, at most four series: more could not be told apart without colours."""

    title: str
    labels: Sequence[str]
    lines: list[Line]
    across: list[Tick]
    up: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM

    @property
    def rows(self) -> list[tuple[str, list[float | None]]]:
        return [(label, [line.values[place] for line in self.lines]) for place, label in enumerate(self.labels)]


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    y: int
    length: float
    middle: int
    end: float


@dataclass(frozen=True)
class BarChart:
    """Amounts side by side, lying, so that labels have room."""

    title: str
    bars: list[Bar]
    height: int
    width: int = WIDTH
    left: int = LABEL_WIDTH


def line_chart(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]) -> LineChart:
    """``labels`` along the bottom; each series has a value, or none for a gap, for each of them."""
    top = _round_up(max((v for _, values in series for v in values if v is not None), default=0))
    step_x = (WIDTH - LEFT - RIGHT) / max(1, len(labels) - 1)

    def x(place: int) -> float:
        return round(LEFT + place * step_x, 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top, 1)

    lines = [
        Line(name, _points([(x(place), y(v)) for place, v in enumerate(values) if v is not None]), values)
        for name, values in series
    ]
    every = max(1, ceil(len(labels) / MOST_LABELS))
    across = [Tick(x(place), label) for place, label in enumerate(labels) if place % every == 0]
    up = [Tick(y(top * quarter / 4), f"{top * quarter / 4:,.6g}") for quarter in range(5)]
    return LineChart(title, labels, lines, across, up)


def bar_chart(title: str, rows: Sequence[tuple[str, float]]) -> BarChart:
    """One bar a row, in the given order."""
    longest = max((value for _, value in rows), default=0) or 1
    room = WIDTH - LABEL_WIDTH - 60
    bars = []
    for place, (label, value) in enumerate(rows):
        y = place * (BAR + GAP)
        length = round(room * value / longest, 1)
        bars.append(Bar(label, value, y, length, y + BAR // 2 + 4, LABEL_WIDTH + length + 6))
    return BarChart(title, bars, max(1, len(rows)) * (BAR + GAP))


def _points(places: list[tuple[float, float]]) -> str:
    """A line of one point has no length and would not be seen: twice the same, it is a dot."""
    return " ".join(f"{x},{y}" for x, y in (places * 2 if len(places) == 1 else places))


def _round_up(value: float) -> float:
    """The next number an axis can end with: 1, 2, 4 or 10 times a power of ten – all of which have whole quarters or halves."""
    if value <= 4:
        return 4
    power: float = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 4, 8, 10) if step * power >= value)
