"""Charts: what is drawn is what the numbers say, also when there are none."""

import pytest

from portal.web.chart import bar_chart, line_chart


def test_a_line_rises_with_its_values_and_leaves_gaps_out() -> None:
    chart = line_chart("Cases", ["1", "2", "3"], [("open", [0, None, 100]), ("closed", [50, 50, 50])])
    points = [tuple(map(float, point.split(","))) for point in chart.lines[0].points.split()]
    assert len(points) == 2
    (first_x, first_y), (last_x, last_y) = points
    assert first_x < last_x
    assert first_y == chart.bottom
    assert last_y < first_y
    assert chart.rows[1] == ("2", [None, 50])


def test_one_value_is_a_dot() -> None:
    (line,) = line_chart("Cases", ["1"], [("open", [3])]).lines
    assert len(line.points.split()) == 2


@pytest.mark.parametrize(("highest", "top"), [(0, "4"), (3, "4"), (5, "8"), (11, "20"), (90, "100"), (5001, "8,000")])
def test_the_axis_ends_at_a_round_number_above_the_highest(highest: float, top: str) -> None:
    assert line_chart("t", ["1"], [("a", [highest])]).up[-1].text == top


def test_many_labels_are_thinned_out() -> None:
    chart = line_chart("t", [str(n) for n in range(90)], [("a", list(range(90)))])
    assert len(chart.across) <= 8


def test_bars_are_as_long_as_their_values() -> None:
    chart = bar_chart("t", [("a", 10), ("b", 5), ("c", 0)])
    lengths = [bar.length for bar in chart.bars]
    assert lengths[0] == 2 * lengths[1]
    assert lengths[2] == 0
    assert chart.bars[1].y > chart.bars[0].y


def test_nothing_can_be_drawn_too() -> None:
    assert bar_chart("t", []).bars == []
    assert line_chart("t", [], []).lines == []
