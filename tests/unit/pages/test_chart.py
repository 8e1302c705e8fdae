"""Charts: what is drawn is what the numbers say, also when there are none."""

from itertools import pairwise

import pytest
from django.template.loader import render_to_string

from portal.web.chart import BARS, MOST_VALUES, VALUES, Series, bar_chart, day_chart


def em(text: str) -> float:
    return float(text.removesuffix("em"))


def per_cent(text: str) -> float:
    return float(text.removesuffix("%"))


def test_a_bar_rises_with_its_value_and_a_day_without_one_is_a_gap() -> None:
    chart = day_chart("Cases", ["1", "2", "3"], [Series("open", [50, None, 100])])
    first, gap, last = chart.rows[0].columns
    assert (em(first.height), em(last.height)) == (BARS / 2, BARS)
    assert em(last.y) == VALUES
    assert (first.is_gap, gap.is_gap) == (False, True)
    assert chart.gaps == ["2"]
    assert chart.table == [("3", ["100"]), ("2", ["–"]), ("1", ["50"])]


def test_rows_share_a_scale_and_the_largest_stands_first_in_its_own_shade() -> None:
    small, large = Series("small", [1, 5], shade=1), Series("large", [10, 0], shade=2)
    chart = day_chart("Cases", ["1", "2"], [small, large])
    assert [(row.name, row.shade) for row in chart.rows] == [("large", 2), ("small", 1)]
    assert em(chart.rows[1].columns[1].height) == BARS / 2
    assert [bool(row.days) for row in chart.rows] == [False, True]


@pytest.mark.parametrize("days", [1, 2, MOST_VALUES, 30, 90])
def test_bars_and_texts_stay_within_the_chart_and_beside_each_other(days: int) -> None:
    values = [day % 7 for day in range(days)]
    row = day_chart("t", [str(day) for day in range(days)], [Series("a", values)]).rows[0]
    lefts = [per_cent(column.x) for column in row.columns]
    assert lefts[0] == 0
    assert lefts[-1] + per_cent(row.columns[-1].width) <= 100
    assert all(b - a > per_cent(row.columns[0].width) for a, b in pairwise(lefts))
    assert len(row.texts) == days if days <= MOST_VALUES else 1 <= len(row.texts) <= 2
    assert 1 <= len(row.days) <= 3
    assert row.days[-1].text == str(days - 1)


def test_a_small_value_is_seen_and_none_at_all_is_not() -> None:
    tiny, nothing, _ = day_chart("t", ["1", "2", "3"], [Series("a", [1, 0, 100_000])]).rows[0].columns
    assert em(tiny.height) > em(nothing.height) == 0


@pytest.mark.parametrize("days", [3, 30])
def test_where_nothing_was_counted_no_day_is_the_highest(days: int) -> None:
    row = day_chart("t", [str(day) for day in range(days)], [Series("a", [0] * days)]).rows[0]
    assert (row.newest, row.highest, row.highest_on) == ("0", "", "")
    assert [text.text for text in row.texts] == ["0"] * (days if days <= MOST_VALUES else 1)


def test_bars_are_as_long_as_their_values() -> None:
    chart = bar_chart("t", [("a", 10), ("b", 5), ("c", 0)])
    lengths = [per_cent(bar.length) for bar in chart.bars]
    assert lengths[0] == 2 * lengths[1]
    assert lengths[2] == 0
    assert em(chart.bars[1].y) > em(chart.bars[0].y)


def test_nothing_can_be_drawn_too() -> None:
    assert bar_chart("t", []).bars == []
    assert day_chart("t", [], []).rows == []
    chart = {"chart": day_chart("t", ["1"], []), "first": "Day"}
    drawn = render_to_string("components/chart_days.html", chart)
    assert "这些天没有可统计的数量。" in drawn
    assert "<table" not in drawn
    assert day_chart("t", ["1"], [Series("a", [None])]).rows[0].newest == ""


def test_a_share_is_rounded_as_the_tables_round_it() -> None:
    chart = day_chart("t", ["1", "2"], [Series("a", [0.354, 1.76])], unit="%")
    assert [values for _, values in chart.table] == [["1.8%"], ["0.35%"]]
