"""Numbers that can be somebody's, and numbers that cannot."""

import traceback
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regions.identity import EARLIEST_BIRTH, BadIdentity, Identity, IdentityFault, birth_date, check_identity
from regions.vocabulary import IdType, label_in

TODAY = date(2026, 11, 24)
# GB 11643-1999: weight of each of the first 17 digits, and the character for each remainder.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"


def with_check_digit(body: str) -> str:
    """A number by the standard's own table, not by the library under test."""
    remainder = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11
    return body + CHECK_CHARACTERS[remainder]


@st.composite
def resident_numbers(draw: st.DrawFn) -> str:
    """A number of anybody born between the earliest day and today, issued anywhere, even where no division is."""
    division = draw(st.integers(0, 999_999))
    born = draw(st.dates(EARLIEST_BIRTH, TODAY))
    order = draw(st.integers(0, 999))
    return with_check_digit(f"{division:06}{born:%Y%m%d}{order:03}")


GOOD = [
    ("10", "1101051949123100\uff12X", "11010519491231002X"),
    ("10", "11010519491231002X", "11010519491231002X"),
    ("10", "11010519491231002x", "11010519491231002X"),
    ("10", with_check_digit("00000020000229001"), with_check_digit("00000020000229001")),
    ("14", "h0123456789", "H01234567"),
    ("14", "H01234567", "H01234567"),
    ("14", "H012345678", "H012345678"),
    ("15", "01234567", "01234567"),
    ("16", "T-01/23(4)", "T-01/23(4)"),
    ("20", "e12345678", "E12345678"),
    ("34", "911124198108030023", "911124198108030023"),
    ("34", "deu123456789012", "DEU123456789012"),
    ("99", "abc", "ABC"),
    ("99", "9" * 30, "9" * 30),
]
BAD = [
    ("11", "11010519491231002X", IdentityFault.UNKNOWN_TYPE),
    ("", "11010519491231002X", IdentityFault.UNKNOWN_TYPE),
    ("10", "", IdentityFault.WRONG_LENGTH),
    ("10", "110105491231002", IdentityFault.WRONG_LENGTH),
    ("10", "11010519491231002XX", IdentityFault.WRONG_LENGTH),
    ("10", "11010519491231002 ", IdentityFault.WRONG_LENGTH),
    ("10", "1101051949123100\u0662X", IdentityFault.WRONG_FORM),
    ("10", "11010519491231001X", IdentityFault.WRONG_CHECK_DIGIT),
    ("10", "1_010519491231002X", IdentityFault.WRONG_FORM),
    ("10", "+1010519491231002X", IdentityFault.WRONG_FORM),
    ("10", "A1010519491231002X", IdentityFault.WRONG_FORM),
    ("10", "1101051949X2310021", IdentityFault.WRONG_FORM),
    ("10", with_check_digit("11010520010229001"), IdentityFault.IMPOSSIBLE_BIRTH_DATE),
    ("10", with_check_digit("11010520011301001"), IdentityFault.IMPOSSIBLE_BIRTH_DATE),
    ("10", with_check_digit("11010500000101001"), IdentityFault.IMPOSSIBLE_BIRTH_DATE),
    ("10", with_check_digit("11010510011231001"), IdentityFault.IMPOSSIBLE_BIRTH_DATE),
    ("10", with_check_digit("11010520261125001"), IdentityFault.BIRTH_DATE_IN_FUTURE),
    ("10", "110105194912310021", IdentityFault.WRONG_CHECK_DIGIT),
    ("20", "E1", IdentityFault.WRONG_FORM),
    ("20", "E" * 31, IdentityFault.WRONG_FORM),
    ("20", "E123_45678", IdentityFault.WRONG_FORM),
    ("99", "证1234", IdentityFault.WRONG_FORM),
    ("99", "ßßßß", IdentityFault.WRONG_FORM),
]


@pytest.mark.parametrize(("id_type", "number", "normal"), GOOD)
def test_good_documents_get_one_spelling(id_type: str, number: str, normal: str) -> None:
    identity = check_identity(id_type, number, today=TODAY)
    assert identity == Identity(IdType(id_type), normal)
    assert check_identity(identity.id_type, identity.id_number, today=TODAY) == identity


@pytest.mark.parametrize(("id_type", "number", "reason"), BAD)
def test_bad_documents_are_refused_with_their_reason(id_type: str, number: str, reason: IdentityFault) -> None:
    with pytest.raises(BadIdentity) as refusal:
        check_identity(id_type, number, today=TODAY)
    assert refusal.value.reason is reason


# Residence permits of Hong Kong, Macao and Taiwan residents, the permanent residence card of 2023, a resident ID.
OF_THE_RESIDENT_FORM = (
    "810000198503150017",
    *(with_check_digit(f"{place}000019850315{order}") for place, order in (("82", "001"), ("83", "002"))),
    "93184019850315001X",
    "911124198108030024",
    "11010519491231002X",
)


@pytest.mark.parametrize("number", OF_THE_RESIDENT_FORM)
@pytest.mark.parametrize("id_type", IdType)
def test_a_number_of_the_resident_form_is_one_person_whatever_it_was_sent_as(id_type: str, number: str) -> None:
    assert check_identity(id_type, number.lower(), today=TODAY) == Identity(IdType.RESIDENT_ID, number)


@given(resident_numbers(), st.sampled_from([one for one in IdType if one is not IdType.RESIDENT_ID]))
def test_a_wrong_check_digit_leaves_another_document_what_it_is(number: str, id_type: IdType) -> None:
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    assert check_identity(id_type, wrong, today=TODAY) == Identity(id_type, wrong)


def wide(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) for one in text)


@given(
    resident_numbers(),
    st.sampled_from([str, str.lower, wide, lambda text: wide(text.lower())]),
    st.lists(st.tuples(st.integers(0, 18), st.sampled_from(" \u3000\xa0\t\u200b\u2009\ufeff")), max_size=6),
)
def test_width_case_and_spaces_say_nothing(
    number: str, spelt: Callable[[str], str], spaces: list[tuple[int, str]]
) -> None:
    typed = spelt(number)
    for place, space in spaces:
        typed = typed[:place] + space + typed[place:]
    assert check_identity("10", typed, today=TODAY).id_number == number


@given(st.integers(0, 99), st.sampled_from("HMhmＨ"))
def test_a_permit_renewed_is_the_same_persons(renewal: int, letter: str) -> None:
    first = check_identity("14", f"{letter}12345678", today=TODAY)
    assert check_identity("14", f"{letter}12345678{renewal:02}", today=TODAY) == first
    assert check_identity("14", f"{letter}12345679{renewal:02}", today=TODAY) != first


@given(resident_numbers())
def test_every_possible_number_passes_and_gives_its_birth_date(number: str) -> None:
    identity = check_identity("10", number.lower(), today=TODAY)
    assert identity.id_number == number
    assert birth_date(identity.id_number) == date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")


@given(resident_numbers(), st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(number: str, place: int, shift: int) -> None:
    wrong = str((int(number[place]) + shift) % 10)
    with pytest.raises(BadIdentity):
        check_identity("10", number[:place] + wrong + number[place + 1 :], today=TODAY)


@given(resident_numbers(), st.integers(0, 15))
def test_swapped_neighbours_are_noticed(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(BadIdentity):
            check_identity("10", swapped, today=TODAY)


@given(st.text(max_size=40), st.text(max_size=40))
def test_nothing_but_bad_identity_is_ever_raised(id_type: str, number: str) -> None:
    try:
        identity = check_identity(id_type, number, today=TODAY)
    except BadIdentity:
        return
    assert check_identity(identity.id_type, identity.id_number, today=TODAY) == identity


def test_a_child_born_today_has_a_number_and_one_born_tomorrow_has_none() -> None:
    today, tomorrow = (with_check_digit(f"510104{TODAY + timedelta(days=days):%Y%m%d}001") for days in (0, 1))
    assert birth_date(check_identity("10", today, today=TODAY).id_number) == TODAY
    with pytest.raises(BadIdentity):
        check_identity("10", tomorrow, today=TODAY)


def test_no_message_repr_or_traceback_holds_the_number() -> None:
    number = "110105194912310021"
    with pytest.raises(BadIdentity) as refusal:
        check_identity("10", number, today=TODAY)
    assert number not in "".join(traceback.format_exception_only(refusal.value)) + repr(refusal.value)
    assert number not in repr(Identity(IdType.OTHER, number))


@pytest.mark.parametrize("fault", IdentityFault)
def test_every_fault_is_said_in_two_languages(fault: IdentityFault) -> None:
    assert label_in("zh-hans", fault) != label_in("en", fault)
    assert label_in("zh-hans", fault)
    assert label_in("en", fault)
