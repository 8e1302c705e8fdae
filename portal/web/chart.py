"""Charts as inline SVG: the geometry is computed here, the template only draws. A table of the numbers follows each chart.

Horizontal positions are percentages and heights are in ``em``: a chart is as wide as its page, and its text keeps its size, on a
phone as on paper. Counts over time are bars, one row of bars per series, so that a single day is readable, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import number_format

SHADES = 5
# Heights in em: the row of the values, the highest bar, and the row of the days.
VALUES, BARS, DAYS = 1.5, 3.5, 1.6
LEAST_BAR = 0.15
WIDEST_COLUMN = 26.0
COLUMN_SHARE = 0.74
# With more values in a row, they could not be read on a phone.
MOST_VALUES = 6
MOST_DAYS = 3
MOST_GAPS_NAMED = 5
LONGEST_BAR = 78.0
Value = float | None


@dataclass(frozen=True)
class Series:
    """One quantity over time. ``shade``, 1 to 5, is always the same for the same quantity, whatever its rank."""

    name: str
    values: Sequence[Value]
    shade: int = 1


@dataclass(frozen=True)
class Mark:
    """A text at a horizontal position."""

    at: str
    anchor: str
    text: str
    y: str = ""


@dataclass(frozen=True)
class Column:
    x: str
    width: str
    y: str
    height: str
    is_gap: bool = False


@dataclass(frozen=True)
class Row:
    """One series as a row of bars; ``highest`` and ``newest`` are shown next to its name."""

    name: str
    shade: int
    columns: list[Column]
    texts: list[Mark]
    newest: str
    highest: str
    highest_on: str
    days: list[Mark]

    @property
    def height(self) -> str:
        return f"{VALUES + BARS + (DAYS if self.days else 0.2):g}em"


@dataclass(frozen=True)
class DayChart:
    """Counts over time, all rows to one scale, the largest series first. ``gaps`` are the days without a figure."""

    title: str
    labels: Sequence[str]
    series: list[Series]
    rows: list[Row]
    gaps: list[str]
    unit: str = ""

    @property
    def base(self) -> str:
        return f"{VALUES + BARS:g}em"

    @property
    def axis(self) -> str:
        return f"{VALUES + BARS + 1.2:g}em"

    @property
    def gaps_named(self) -> list[str]:
        """The days without a figure, if they are few."""
        return self.gaps if len(self.gaps) <= MOST_GAPS_NAMED else []

    @property
    def table(self) -> list[tuple[str, list[str]]]:
        """The rows of the table, the newest day first."""
        days = [
            (label, [_worded(one.values[place], self.unit) for one in self.series])
            for place, label in enumerate(self.labels)
        ]
        return days[::-1]


@dataclass(frozen=True)
class Bar:
    label: str
    value: str
    label_y: str
    y: str
    length: str
    end: str
    value_y: str


@dataclass(frozen=True)
class BarChart:
    """Amounts in rows; each bar is drawn below its name, which has the whole width."""

    title: str
    bars: list[Bar]

    @property
    def height(self) -> str:
        return f"{max(1, len(self.bars)) * BAR_ROW:g}em"


BAR_ROW = 3.3


def day_chart(title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str = "") -> DayChart:
    """Build a chart; ``labels`` name the days, and each series has a value, or ``None`` without a figure, for each of them."""
    ranked = sorted(series, key=lambda one: -max((v for v in one.values if v is not None), default=0))
    top = max((v for one in ranked for v in one.values if v is not None), default=0) or 1
    rows = [_row(one, labels, top, unit=unit, with_days=place == len(ranked) - 1) for place, one in enumerate(ranked)]
    gaps = [label for place, label in enumerate(labels) if ranked and all(one.values[place] is None for one in ranked)]
    return DayChart(title, labels, ranked, rows, gaps, unit)


def bar_chart(title: str, rows: Sequence[tuple[str, float]]) -> BarChart:
    """Build a chart with one bar per row, in the given order."""
    longest = max((value for _, value in rows), default=0) or 1
    bars = []
    for place, (label, value) in enumerate(rows):
        top, length = place * BAR_ROW, LONGEST_BAR * value / longest
        bars.append(
            Bar(
                label,
                _worded(value, ""),
                f"{top + 1:g}em",
                f"{top + 1.35:g}em",
                f"{length:.5g}%",
                f"{length + 1.5:.5g}%",
                f"{top + 2.3:g}em",
            )
        )
    return BarChart(title, bars)


def _row(one: Series, labels: Sequence[str], top: float, *, unit: str, with_days: bool) -> Row:
    step = 100 / max(1, len(labels))
    width = min(WIDEST_COLUMN, step * COLUMN_SHARE)
    heights = [None if v is None else max(LEAST_BAR if v else 0, BARS * v / top) for v in one.values]
    columns = [
        Column(
            f"{_middle(place, step, width) - width / 2:.5g}%",
            f"{width:.5g}%",
            f"{VALUES + BARS - (BARS if height is None else height):.4g}em",
            f"{BARS if height is None else height:.4g}em",
            is_gap=height is None,
        )
        for place, height in enumerate(heights)
    ]
    known = [place for place, v in enumerate(one.values) if v is not None]
    # If nothing was counted on any day, no day is the highest.
    highest = max(
        (place for place in known if one.values[place]), key=lambda place: one.values[place] or 0, default=None
    )
    texts = [
        Mark(
            *_at(place, len(labels), step, width),
            _worded(one.values[place], unit),
            f"{VALUES + BARS - _under(place, heights) - 0.35:.4g}em",
        )
        for place in _named(known, highest, len(labels))
    ]
    return Row(
        one.name,
        one.shade,
        columns,
        texts,
        _worded(one.values[known[-1]], unit) if known else "",
        "" if highest is None else _worded(one.values[highest], unit),
        "" if highest is None else labels[highest],
        _days(labels, step, width) if with_days else [],
    )


def _named(known: list[int], highest: int | None, count: int) -> list[int]:
    """Return the places whose values are shown above their bars: all of a few; of many the highest and the newest unless they overlap."""
    if not known or count <= MOST_VALUES:
        return known
    newest = known[-1]
    if highest is None:
        return [newest]
    return sorted({newest} if abs(newest - highest) * MOST_VALUES < count else {newest, highest})


def _under(place: int, heights: Sequence[float | None]) -> float:
    """Return the height of the highest bar below the text at a place."""
    reach = len(heights) // (2 * MOST_VALUES)
    return max(height or 0 for height in heights[max(0, place - 2 * reach) : place + 2 * reach + 1])


def _days(labels: Sequence[str], step: float, width: float) -> list[Mark]:
    last = len(labels) - 1
    places = (
        range(len(labels))
        if len(labels) <= MOST_DAYS
        else sorted({0, last} | ({last // 2} if last > MOST_DAYS else set()))
    )
    return [Mark(*_at(place, len(labels), step, width), labels[place]) for place in places]


def _middle(place: int, step: float, width: float) -> float:
    """Return the middle of a column. A few columns are placed next to each other at the left."""
    return place * min(step, width / COLUMN_SHARE) + width / 2


def _at(place: int, count: int, step: float, width: float) -> tuple[str, str]:
    """Return a text's position and its anchor, chosen so that no text crosses an edge."""
    middle = _middle(place, step, width)
    if count > 1 and middle > 90:
        return f"{middle + width / 2:.5g}%", "end"
    if middle < 10:
        return f"{middle - width / 2:.5g}%", "start"
    return f"{middle:.5g}%", "middle"


def _worded(value: Value, unit: str) -> str:
    if value is None:
        return "–"
    # Django truncates to the number of digits it is given.
    rounded = value if isinstance(value, int) else round(value, 1 if value >= 1 else 2)
    return f"{number_format(rounded)}{unit}"
