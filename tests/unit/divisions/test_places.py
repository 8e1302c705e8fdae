"""Places as people write them."""

import pytest

from regions.divisions import divisions, full_title
from regions.places import find_places, place_meant

MEANT = [
    ("武汉", "420100"),
    ("武汉市", "420100"),
    ("湖北武汉", "420100"),
    ("海淀区", "110108"),
    ("海淀", "110108"),
    ("北京市海淀区", "110108"),
    ("北京 海淀", "110108"),
    ("Haidian, Beijing", "110108"),
    ("wuhan", "420100"),
    ("ＷＵＨＡＮ", "420100"),
    ("香港", "810000"),
    ("武汉市江岸区", "420102"),
    ("Jiang'an District", "420102"),
    ("南京鼓楼", "320106"),
    ("新疆", "650000"),
    ("延边", "222400"),
    ("浦东", "310115"),
    ("420100", "420100"),
]
OFFERED = [
    ("朝阳区", "110105"),
    ("吉林", "220200"),
    ("Gulou", "320106"),
    ("武", "420100"),
    ("wuh", "420100"),
    ("武汉市江岸区解放大道1号", "420102"),
    ("武汉江", "420103"),
]

EVERY_FORTIETH = [*list(divisions())[::40], "141102"]  # and Lishi in Lüliang


@pytest.mark.parametrize(("text", "code"), MEANT)
def test_what_names_one_place_is_that_place(text: str, code: str) -> None:
    assert place_meant(text) == code
    assert find_places(text)[0] == code


@pytest.mark.parametrize(("text", "code"), OFFERED)
def test_what_can_mean_several_offers_them(text: str, code: str) -> None:
    assert place_meant(text) == ""
    assert code in find_places(text, most=40)


@pytest.mark.parametrize("text", ["", " ", "没有这个地方", "12", "（）"])
def test_what_is_no_place_offers_none(text: str) -> None:
    assert place_meant(text) == ""
    assert find_places(text) == []


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_full_name_means_its_place(language: str) -> None:
    """So a form that is shown again with the name of the place that was chosen keeps the choice."""
    assert [code for code in EVERY_FORTIETH if place_meant(full_title(code, language)) != code] == []
