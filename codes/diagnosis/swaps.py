"""Sufficient swaps as arithmetic on bit sets: which factors, taken from the other side, give the other side's colour.

A swap is a mask over four factors; what is sufficient is a set of masks, kept as the bits of one integer of 16 bits, so that
20,000 pairs need a table look-up each.
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from codes.vocabulary import Cause, Factor

# The bit of each factor in a mask, also in codes/diagnosis/hybrids.py.
BIT: dict[Factor, int] = {Factor.DECLARATION: 1, Factor.SOURCE: 2, Factor.RULES: 4, Factor.FRESHNESS: 8}
MASKS = range(16)
ALL = 15


def sufficient(colours: tuple[str, ...], *, from_a: bool) -> int:
    """The set of masks that give the other side's colour; ``colours`` are A's hybrids by mask of factors taken from B.

    B with a set of factors from A is A with the others from B, so the same 16 hybrids serve both directions.
    """
    wanted = colours[ALL] if from_a else colours[0]
    return sum(1 << mask for mask in MASKS if colours[mask if from_a else ALL - mask] == wanted)


@cache
def minimal(sufficient_masks: int) -> tuple[int, ...]:
    """The inclusion-minimal masks of a set, smallest first."""
    held = [mask for mask in MASKS if sufficient_masks >> mask & 1]
    smallest = [mask for mask in held if not any(other != mask and other & mask == other for other in held)]
    return tuple(sorted(smallest, key=lambda mask: (mask.bit_count(), mask)))


def named(masks: Iterable[int]) -> list[list[str]]:
    """Masks as lists of factor names, in the order in which ties between causes are broken."""
    order = [Factor.FRESHNESS, Factor.RULES, Factor.DECLARATION, Factor.SOURCE]
    return [[factor.value for factor in order if mask & BIT[factor]] for mask in masks]


def primary_cause(a_to_b: Iterable[int], b_to_a: Iterable[int]) -> Cause:
    """A sufficient swap of the fewest factors in either direction; ties by the order of ``Cause``; no single one: interaction."""
    alone = {mask for mask in (*a_to_b, *b_to_a) if mask.bit_count() == 1}
    for factor in (Factor.FRESHNESS, Factor.RULES, Factor.DECLARATION, Factor.SOURCE):
        if BIT[factor] in alone:
            return Cause(factor.value)
    return Cause.INTERACTION


class Explained(NamedTuple):
    """All minimal sufficient swaps of a pair in both directions, and the primary cause."""

    a_to_b: tuple[int, ...]
    b_to_a: tuple[int, ...]
    cause: Cause


@cache
def explained(colours: tuple[str, ...]) -> Explained:
    """Of a pair whose hybrids have these colours; few of the possible patterns ever occur."""
    a_to_b, b_to_a = minimal(sufficient(colours, from_a=True)), minimal(sufficient(colours, from_a=False))
    return Explained(a_to_b, b_to_a, primary_cause(a_to_b, b_to_a))
