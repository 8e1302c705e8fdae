"""Tables line up in a terminal, where Chinese characters take two columns."""

from portal.demo.table import text_table


def test_words_to_the_left_numbers_to_the_right_chinese_twice_as_wide() -> None:
    assert text_table(["city", "people"], [["成都市", 1234], ["Hefei", 5]]).splitlines() == [
        "city    people",
        "──────────────",
        "成都市   1,234",
        "Hefei        5",
    ]


def test_a_column_with_gaps_is_still_one_of_numbers() -> None:
    assert text_table(["a", "n"], [["x", 10], ["y", ""]]).splitlines()[2:] == ["x  10", "y"]
