"""The oracle's diagnosis against worlds whose cause is known because it was planted."""

from __future__ import annotations

import pytest

from tests.oracle import diagnose, verdict
from tests.worlds import CAUSES, INTERACTION, PAIRS, Injected, injected

SEEDS = range(12)


def states(case: Injected) -> tuple[str, str]:
    asked = (verdict(case.world, case.citizen, one, case.day, case.as_of).state for one in (case.a, case.b))
    return next(asked), next(asked)


@pytest.mark.parametrize("cause", [*CAUSES, INTERACTION])
def test_a_single_planted_cause_is_found(cause: str) -> None:
    for seed in SEEDS:
        case = injected(cause, seed)
        assert states(case) == ("red", "yellow" if cause == "colour" else "green"), seed
        found = diagnose(case.world, case.citizen, case.a, case.b, case.day, case.as_of)
        assert found.primary_cause == case.primary_cause, seed


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_of_two_planted_causes_the_primary_one_is_found(pair: tuple[str, str]) -> None:
    for seed in SEEDS:
        case = injected(pair, seed)
        assert states(case) == ("red", "yellow" if "colour" in pair else "green"), seed
        found = diagnose(case.world, case.citizen, case.a, case.b, case.day, case.as_of)
        assert found.primary_cause == case.primary_cause, seed


def test_one_cause_alone_is_a_swap_of_one_factor_both_ways_or_lateness() -> None:
    for cause in CAUSES:
        case = injected(cause, seed=1)
        found = diagnose(case.world, case.citizen, case.a, case.b, case.day, case.as_of)
        alone = frozenset({case.root_causes[0].factor})
        assert alone in found.swaps_a_to_b
        assert alone in found.swaps_b_to_a or cause == "late_record"


def test_an_interaction_needs_two_factors_either_way() -> None:
    case = injected(INTERACTION, seed=1)
    found = diagnose(case.world, case.citizen, case.a, case.b, case.day, case.as_of)
    assert {len(swap) for swap in found.swaps_a_to_b | found.swaps_b_to_a} == {2}


def test_whoever_stands_by_is_green_with_both() -> None:
    case = injected("late_record", seed=1)
    for provider in (case.a, case.b):
        assert verdict(case.world, "c1", provider, case.day, case.as_of).state == "green"
