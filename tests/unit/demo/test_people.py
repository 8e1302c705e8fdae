"""Made-up people are possible people, all different, and the same again tomorrow."""

from datetime import date

from portal.demo.people import Population, districts, resident_number
from regions.identity import birth_date, check_identity
from regions.vocabulary import IdType

TODAY = date(2026, 11, 24)
PEOPLE = list(Population("test", "310000", 12_000, TODAY))


def test_every_document_could_be_somebodys_and_no_two_people_share_one() -> None:
    identities = {check_identity(person.id_type, person.id_number, today=TODAY) for person in PEOPLE}
    assert len(identities) == len(PEOPLE)
    cards = [identity for identity in identities if identity.id_type is IdType.RESIDENT_ID]
    born = [day for card in cards if (day := birth_date(card.id_number))]
    assert TODAY.year - 89 <= min(born).year <= max(born).year <= TODAY.year - 13


def test_a_few_have_other_documents_than_a_resident_card() -> None:
    others = [person for person in PEOPLE if person.id_type is not IdType.RESIDENT_ID]
    assert 60 <= len(others) <= 100
    assert {person.id_type for person in others} >= {IdType.PASSPORT, IdType.HK_MACAO_PERMIT}


def test_phone_numbers_are_all_different_and_no_networks() -> None:
    phones = {person.phone for person in PEOPLE}
    assert len(phones) == len(PEOPLE)
    assert all(len(phone) == 11 and phone.startswith("12") for phone in phones)


def test_most_were_born_in_the_city() -> None:
    at_home = [person for person in PEOPLE if person.id_number[:6] in districts("310000")]
    assert 0.7 < len(at_home) / len(PEOPLE) < 0.8
    assert districts("990000") == ["990000"]


def test_a_person_is_the_same_whoever_else_is_there() -> None:
    small = Population("test", "310000", 10, TODAY)
    assert [person.full_name for person in small] == [person.full_name for person in PEOPLE[:10]]
    assert small.person(3).id_number == PEOPLE[3].id_number


def test_the_check_digit_is_that_of_the_standard() -> None:
    assert resident_number("110105", date(1949, 12, 31), 2) == "11010519491231002X"
