"""People whose providers differ for causes planted one by one, two by two, or entangled: are they found?

The labels follow from how the people were made. The full minimal sets are the oracle's, without exception. They are 2,500, and
10,000 with ``ORACLE_EXAMPLES``.
"""

import os
from collections import Counter
from functools import cache

import pytest

from regions.models import City
from tests.integration.diagnosis.joining import Placed, by_setting, joined
from tests.integration.diagnosis.planted_causes import says_nothing_else, unnamed
from tests.integration.diagnosis.running import Diagnosed, as_oracle_says_it, diagnosed
from tests.oracle import diagnose
from tests.worlds import CAUSES, INTERACTION, PAIRS, Injected, injected

# One of so many.
FEW = 1 if os.environ.get("ORACLE_EXAMPLES") else 4
OF_EACH_CAUSE = 250 // FEW
OF_EACH_PAIR = 100 // FEW
ENTANGLED = 400 // FEW
SETTINGS_IN_A_CITY = 12 if FEW == 1 else 24
CITIES = 104 if FEW == 1 else 37
RIGHT = 0.99


@cache
def planted() -> list[list[Injected]]:
    people = [injected(cause, seed) for cause in CAUSES for seed in range(OF_EACH_CAUSE)]
    people += [injected(pair, seed) for pair in PAIRS for seed in range(OF_EACH_PAIR)]
    people += [injected(INTERACTION, seed) for seed in range(ENTANGLED)]
    assert len(people) * FEW > 9_950
    return by_setting(people, settings_in_a_city=SETTINGS_IN_A_CITY)


def test_everybody_is_in_one_of_the_cities() -> None:
    """Each cause alone, every two of them, and those that no single one explains."""
    assert len(planted()) == CITIES
    counted = Counter(one.causes for city in planted() for one in city)
    alone = {(cause,): OF_EACH_CAUSE for cause in CAUSES}
    assert counted == alone | dict.fromkeys(PAIRS, OF_EACH_PAIR) | {(INTERACTION,): ENTANGLED}
    assert CAUSES.keys() >= {"late_record", "missing_record", "other_date", "hold_days", "colour", "rule_missing"}
    assert CAUSES.keys() >= {"risk_list", "declared_answer", "checkin_gap"}


@pytest.mark.parametrize("city", range(CITIES))
def test_planted_causes_are_found(bare_city: City, city: int) -> None:
    scene, people = joined(planted()[city])
    found = diagnosed(scene)
    assert len(found.pairs) == len(people), "they, and nobody else"
    for person in people:
        _assert_as_the_oracle_says(found, person)
    alone = [person for person in people if len(person.planted.causes) == 1]
    wrong = [told for person in alone if (told := _what_is_wrong(found, person))]
    assert len(wrong) <= (1 - RIGHT) * len(alone), Counter(wrong)
    several = [person for person in people if len(person.planted.causes) > 1]
    wrong = [told for person in several if (told := _what_is_wrong(found, person))]
    assert wrong == [], Counter(wrong)


def _assert_as_the_oracle_says(found: Diagnosed, person: Placed) -> None:
    one = person.planted
    a, b = sorted((one.a, one.b))
    stored = as_oracle_says_it(found.pairs[person.key])
    assert stored == diagnose(one.world, one.citizen, a, b, one.day, one.as_of)


def _what_is_wrong(found: Diagnosed, person: Placed) -> str:
    """The causes, and the cause that does not fit; empty when all is right."""
    stored = found.pairs[person.key]
    causes = " + ".join(person.planted.causes)
    if stored.primary_cause != person.planted.primary_cause:
        return f"{causes}: {stored.primary_cause}"
    if missed := unnamed(stored.root_cause, person):
        return f"{causes}: {[one.cause for one in missed]} not in {stored.root_cause}"
    if (
        len(person.planted.causes) == 1
        and person.planted.root_causes
        and not says_nothing_else(stored.root_cause, person)
    ):
        return f"{causes}: too much in {stored.root_cause}"
    return ""
