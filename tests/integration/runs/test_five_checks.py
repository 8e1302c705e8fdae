"""The five checks themselves: they hold for an undisturbed run, and report what is wrong with another."""

import pytest

from codes.models import EffectiveCode, Verdict, VerdictChange
from regions.models import City
from tests.integration.runs.conftest import Filled, fill
from tests.integration.runs.five_checks import Told, assert_as_if_nothing_had_happened, five_checks
from tests.worlds import random_world

PEOPLE = 80
# In the third the instant is of the day after the run's, and somebody's ruling ends with the run's day.
SEEDS = [1, 2, 3, 4, 5]


@pytest.mark.parametrize("seed", SEEDS)
def test_they_hold_of_any_world(bare_city: City, small_partitions: None, seed: int) -> None:
    filled = fill(random_world(seed, PEOPLE))
    run = filled.finish_here(filled.start())
    assert_as_if_nothing_had_happened(run, filled.scene, filled.keys)


def test_they_find_what_was_lost(filled: Filled) -> None:
    run, told = filled.finish_here(filled.start()), Told.of(filled.scene)
    lost = Verdict.objects.order_by("pk")[0]
    lost.delete()
    EffectiveCode.objects.filter(citizen=lost.citizen_id).delete()
    found = {name for name, complaints in five_checks([run], told, filled.keys).items() if complaints}
    assert found == {"one verdict each", "same result hash"}
    assert VerdictChange.objects.filter(run=run).exists()
