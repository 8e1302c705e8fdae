"""Short simulated months: on every day of every seed the oracle and the city agree about everybody."""

import pytest

from regions.tenancy import in_city
from tests.simulation.month import month
from tests.simulation.stage import SCHEMA

DAYS = 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(10))
def test_a_short_month(seed: int) -> None:
    with in_city(SCHEMA):
        for told in month(seed, days=DAYS):
            differences = "\n".join(map(str, told.differences))
            assert not differences, f"{told}\n{differences}\nAgain: ./run simulate --seed {seed} --days {DAYS}"
