"""Which spellings can be one person's, and which are clearly two people's."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regions.names import clearly_different

SAME = {
    "alone": ["张三"],
    "no name at all": [],
    "an empty one": ["张三", ""],
    "spaces": ["张三", "张 三", "张\u3000三"],
    "middle dots": [
        "买买提·吐尔逊",
        "买买提•吐尔逊",
        "买买提・吐尔逊",
        "买买提‧吐尔逊",
        "买买提吐尔逊",
        "买买提．吐尔逊",
    ],
    "no dot, the other way round": ["吐尔逊买买提", "买买提·吐尔逊"],
    "width and case": ["ＺＨＡＮＧ Ｗｅｉ", "zhang wei"],
    "either order": ["Wei Zhang", "Zhang Wei", "ZHANG, WEI", "ZhangWei", "weizhang"],
    "either order in Chinese": ["张三", "三张"],
    "three characters": ["张小三", "小三张"],
    "a compound family name": ["欧阳锋", "锋欧阳", "欧阳 锋"],
    "several given names": ["Maria Anna Schmidt", "Schmidt Maria Anna", "SCHMIDT ANNA MARIA"],
    "accents": ["José Muñoz", "JOSE MUNOZ"],
    "hyphens and apostrophes": ["Jean-Paul O'Neil", "JEAN PAUL O NEIL", "Jean Paul ONeil"],
    "an old private-use form": ["张\ue81e", "张\u9fb4"],
    "one of GBK that Unicode had soon": ["张\ue81a", "张\u3473"],
    "a font's own character": ["张\ue000三", "张喆三"],
    "a font's own character, the other way round": ["\ue000三张", "张喆三"],
    "a compatibility form": ["\uf900明", "\u8c48明"],
    "a variant": ["葛\U000e0100明", "葛明"],
    "masked": ["张*三", "李四"],
    "masked with another sign": ["张某某", "张＊", "李四", "□三", "王○"],
    "a word for none": ["无", "张三", "NULL", "N/A", "未知"],
}
DIFFERENT = {
    "two people": ["张三", "李四"],
    "one character": ["张三", "张四"],
    "one letter": ["Wei Zhang", "Wei Zheng"],
    "a part more": ["Wei Zhang", "Wei Zhang Li"],
    "a font's own character beside a clear difference": ["张\ue000三", "李喆三"],
    "two of three": ["张三", "张 三", "李四"],
    "two rare characters": ["张\u9fb4", "张\u9fb5"],
    "a masked one in between": ["张三", "*", "李四"],
}


@pytest.mark.parametrize("names", SAME.values(), ids=SAME)
def test_no_false_alarm(names: list[str]) -> None:
    for order in itertools.permutations(names[:4]):
        assert not clearly_different(order)
    assert not clearly_different(names)


@pytest.mark.parametrize("names", DIFFERENT.values(), ids=DIFFERENT)
def test_clearly_different_names_are_told(names: list[str]) -> None:
    for order in itertools.permutations(names):
        assert clearly_different(order)


@given(st.text(max_size=20), st.text(max_size=20))
def test_comparing_is_symmetric_and_a_name_is_itself(one: str, other: str) -> None:
    assert clearly_different([one, other]) == clearly_different([other, one])
    assert not clearly_different([one, one, f" {one}\u3000"])
