"""What is shown of a person, row by row."""

import pytest

from regions.masking import mask_name, mask_number, mask_phone

NAMES = [
    ("", ""),
    ("张", "*"),
    ("张三", "张*"),
    ("张小三", "张*三"),
    ("欧阳小三", "欧**三"),
    ("阿卜杜拉·买买提", "阿******提"),
    ("𠮷田三", "𠮷*三"),
]
NUMBERS = [
    ("", ""),
    ("A1", "**"),
    ("A123", "****"),
    ("A1234", "A1*34"),
    ("11010519491231002X", "11**************2X"),
]
PHONES = [("", ""), ("12345", "*****"), ("1380013", "*******"), ("13800138000", "138****8000")]


@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_a_name_keeps_its_ends(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(("number", "shown"), NUMBERS)
def test_a_number_keeps_two_characters_at_each_end(number: str, shown: str) -> None:
    assert mask_number(number) == shown


@pytest.mark.parametrize(("phone", "shown"), PHONES)
def test_a_phone_keeps_three_and_four_digits(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown
