"""Division codes: titles and what lies inside what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regions.divisions import covers, division_title, divisions, is_division_code

TITLES = [
    ("510000", "四川省", "Sichuan"),
    ("510100", "成都市", "Chengdu"),
    ("510104", "锦江区", "Jinjiang District"),
    ("310000", "上海市", "Shanghai"),
    ("310100", "上海市（310100）", "Shanghai (310100)"),
    ("429004", "仙桃市", "Xiantao"),
    ("540500", "山南市", "Shannan"),
    ("650100", "乌鲁木齐市", "Urumqi"),
    ("710000", "台湾省", "Taiwan"),
    ("510781", "绵阳市（510781）", "Mianyang (510781)"),
    ("519900", "四川省（519900）", "Sichuan (519900)"),
    ("990000", "990000", "990000"),
    ("", "", ""),
]
COVERED = [
    ("510000", "510000", True),
    ("510000", "510100", True),
    ("510000", "510104", True),
    ("510000", "520100", False),
    ("510100", "510104", True),
    ("510100", "510100", True),
    ("510100", "510000", False),
    ("510100", "510300", False),
    ("510104", "510104", True),
    ("510104", "510100", False),
    ("510104", "510105", False),
]
SIX_DIGITS = st.from_regex(r"[0-9]{6}", fullmatch=True)


@pytest.mark.parametrize(("code", "zh", "en"), TITLES)
def test_titles(code: str, zh: str, en: str) -> None:
    assert division_title(code, "zh-hans") == division_title(code, "zh-Hans") == zh
    assert division_title(code, "en") == en


@pytest.mark.parametrize(("area", "other", "inside"), COVERED)
def test_what_lies_inside(area: str, other: str, inside: bool) -> None:
    assert covers(area, other) is inside


@given(SIX_DIGITS, SIX_DIGITS, SIX_DIGITS)
def test_covering_is_an_order(a: str, b: str, c: str) -> None:
    assert covers(a, a)
    assert not (covers(a, b) and covers(b, c)) or covers(a, c)
    assert not (covers(a, b) and covers(b, a)) or a == b


def test_the_table_is_whole() -> None:
    codes = list(divisions())
    provinces = [code for code in codes if code.endswith("0000")]
    prefectures = [code for code in codes if code.endswith("00") and not code.endswith("0000")]
    assert codes == sorted(codes)
    # 34 provinces; 333 prefectures = 293 cities, 7 prefectures, 30 autonomous prefectures and 3 leagues (2023).
    assert (len(provinces), len(prefectures)) == (34, 333)


def test_every_row_is_called_something_and_lies_in_a_province_of_the_table() -> None:
    table = divisions()
    assert [code for code in table if not is_division_code(code)] == []
    assert [row for row in table.values() if not (row.zh and row.en) or row.en != row.en.strip()] == []
    assert [code for code in table if not covers(code[:2] + "0000", code) or code[:2] + "0000" not in table] == []


FULL_WIDTH = "\uff15\uff11\uff10\uff11\uff10\uff10"


@pytest.mark.parametrize("code", ["", "51010", "5101000", "51010a", "510100\n", "-51010", FULL_WIDTH])
def test_what_is_no_division_code(code: str) -> None:
    assert not is_division_code(code)
