"""The invented people of a city, each computed from its number alone, so that a million need no memory.

ID numbers are not meant to be anybody's but may coincide with real ones; phone numbers begin with 12, which no network uses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

from stdnum.cn.ric import calc_check_digit

from portal.demo.names import chinese_name, latin_name
from regions.divisions import covers, divisions
from regions.vocabulary import IdType

YOUNGEST_YEARS, OLDEST_YEARS = 14, 88
OTHER_DOCUMENT_EVERY = 150
BORN_ELSEWHERE_EVERY = 4
# Coprime to the number of birthdays and of phone numbers, so that these differ for each person of a city.
_BIRTHDAY_STRIDE = 7919
_PHONE_STRIDE = 387_420_489
_PHONES = 10**9
_OTHER_DOCUMENTS = (
    (IdType.HK_MACAO_PERMIT, "H{:08d}"),
    (IdType.TAIWAN_PERMIT, "{:08d}"),
    (IdType.PASSPORT, "E{:08d}"),
    (IdType.FOREIGN_RESIDENCE, "DEU{:012d}"),
)
_FOREIGN = {IdType.PASSPORT, IdType.FOREIGN_RESIDENCE}


@dataclass(frozen=True, slots=True)
class Person:
    """A person of a city; `number` counts from 0 within it."""

    number: int
    id_type: IdType
    id_number: str
    full_name: str
    phone: str
    dice: Random


@dataclass(frozen=True)
class Population:
    """The people of one city. The same seed always gives the same people."""

    seed: str
    division: str
    size: int
    born_before: date

    def __iter__(self) -> Iterator[Person]:
        return map(self.person, range(self.size))

    def person(self, number: int) -> Person:
        """Return the person of this number."""
        dice = Random(f"{self.seed}/{self.division}/{number}")
        phone = f"12{(number + 1) * _PHONE_STRIDE % _PHONES:09d}"
        woman = number % 2 == 0
        if number % OTHER_DOCUMENT_EVERY == OTHER_DOCUMENT_EVERY - 1:
            id_type, form = dice.choice(_OTHER_DOCUMENTS)
            name = latin_name(dice) if id_type in _FOREIGN else chinese_name(dice, woman=woman)
            return Person(number, id_type, form.format(number), name, phone, dice)
        elsewhere = dice.randrange(BORN_ELSEWHERE_EVERY) == 0
        issued_in = dice.choice(districts("" if elsewhere else self.division))
        id_number = resident_number(issued_in, self._birthday(number), number % 1000)
        return Person(number, IdType.RESIDENT_ID, id_number, chinese_name(dice, woman=woman), phone, dice)

    def _birthday(self, number: int) -> date:
        """Return a birthday. It differs for any two people of a city with the same last digits, so that no two numbers are equal."""
        days = (OLDEST_YEARS - YOUNGEST_YEARS) * 365
        place = (number // 1000 * _BIRTHDAY_STRIDE + number % 1000 * 37) % days
        return self.born_before - timedelta(days=YOUNGEST_YEARS * 365 + 1 + place)


@cache
def districts(division: str) -> list[str]:
    """Return the districts of a city in the table, or the city itself if there are none; for an empty division, all districts."""
    inside = [code for code in divisions() if not code.endswith("00") and (not division or covers(division, code))]
    return inside or [division]


def resident_number(division: str, born: date, sequence: int) -> str:
    """Return a resident ID number with its check digit; even sequences (0 to 999) are women's."""
    body = f"{division}{born:%Y%m%d}{sequence:03d}"
    return body + str(calc_check_digit(body + "0"))
