"""Short simulated months: on every day of every seed the oracle and the city agree about everybody."""

import pytest

from regions.models import City
from tests.simulation.month import month

DAYS = 6


@pytest.mark.parametrize("seed", range(10))
def test_a_short_month(alpha: City, seed: int) -> None:
    for told in month(seed, days=DAYS):
        differences = "\n".join(map(str, told.differences))
        assert not differences, f"{told}\n{differences}\nAgain: ./run simulate --seed {seed} --days {DAYS}"
