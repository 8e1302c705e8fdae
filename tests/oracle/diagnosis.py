"""Why two providers differ: all 16 hybrids, the sufficient swaps and the primary cause (semantics §6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import combinations
from typing import Literal

from tests.oracle.hits import hits
from tests.oracle.rulings import Colour
from tests.oracle.seen import Inputs
from tests.oracle.verdicts import colour_of, inputs_of
from tests.oracle.world import World

Factor = Literal["freshness", "rules", "declaration", "source"]
Swap = frozenset[Factor]

FACTORS: tuple[Factor, ...] = ("freshness", "rules", "declaration", "source")
"""The four factors. When several swaps of one factor are sufficient, the first of them is the primary cause."""

SUBSETS: tuple[Swap, ...] = tuple(frozenset(chosen) for size in range(5) for chosen in combinations(FACTORS, size))
"""All 16 sets of factors, the smaller ones first."""


@dataclass(frozen=True)
class Diagnosis:
    primary_cause: Factor | Literal["interaction"]
    swaps_a_to_b: frozenset[Swap]
    swaps_b_to_a: frozenset[Swap]


def hybrid(own: Inputs, other: Inputs, factors: Iterable[Factor]) -> Inputs:
    """Return the `own` inputs with these factors taken from the `other` side."""
    field = {
        "freshness": "horizon",
        "rules": "rule_set_version",
        "declaration": "declared_with",
        "source": "source",
    }
    taken = {field[factor]: getattr(other, field[factor]) for factor in factors}
    return replace(own, **taken)


def hybrid_colours(world: World, citizen: str, own: Inputs, other: Inputs) -> dict[Swap, Colour]:
    return {swap: colour_of(hits(world, citizen, hybrid(own, other, swap))) for swap in SUBSETS}


def sufficient_swaps(world: World, citizen: str, own: Inputs, other: Inputs) -> frozenset[Swap]:
    """Return the inclusion-minimal sets of factors that, taken from the other side, give `own` the other side's colour."""
    colours = hybrid_colours(world, citizen, own, other)
    wanted = colours[frozenset(FACTORS)]
    sufficient = [swap for swap in SUBSETS if colours[swap] == wanted]
    return frozenset(swap for swap in sufficient if not any(smaller < swap for smaller in sufficient))


def primary_cause(swaps: Iterable[Swap]) -> Factor | Literal["interaction"]:
    alone = {factor for swap in swaps if len(swap) == 1 for factor in swap}
    return next((factor for factor in FACTORS if factor in alone), "interaction")


def diagnose(world: World, citizen: str, a: str, b: str, day: date, as_of: datetime) -> Diagnosis:
    """Return the diagnosis of the pair. Raise ValueError unless both providers have inputs and their colours differ."""
    inputs_a, inputs_b = inputs_of(world, a, day, as_of), inputs_of(world, b, day, as_of)
    if inputs_a is None or inputs_b is None:
        raise ValueError(f"{a} or {b} has no colour to explain")
    a_to_b = sufficient_swaps(world, citizen, inputs_a, inputs_b)
    b_to_a = sufficient_swaps(world, citizen, inputs_b, inputs_a)
    if frozenset() in a_to_b:
        raise ValueError(f"{a} and {b} do not disagree about {citizen}")
    return Diagnosis(primary_cause(a_to_b | b_to_a), a_to_b, b_to_a)
