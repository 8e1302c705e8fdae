"""The 16 hybrids of each disagreeing pair, judged by the engine: A's verdict with a set of the four factors taken from B."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

from codes.diagnosis.root_cause import Side
from codes.engine.query import verdicts_of
from codes.models import Run
from codes.vocabulary import Cause, Factor
from regions.sql import compose

# The bit of each factor in a mask, also in codes/diagnosis/hybrids.py.
BIT: dict[Factor, int] = {Factor.DECLARATION: 1, Factor.SOURCE: 2, Factor.RULES: 4, Factor.FRESHNESS: 8}
# In the order in which ties between causes are broken.
FACTORS = (Factor.FRESHNESS, Factor.RULES, Factor.DECLARATION, Factor.SOURCE)
MASKS = range(16)
ALL = 15


def sufficient_masks(colours: tuple[str, ...], *, from_a: bool) -> int:
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


def factor_names(masks: Iterable[int]) -> list[list[str]]:
    """In the order of ``FACTORS``."""
    return [[factor.value for factor in FACTORS if mask & BIT[factor]] for mask in masks]


def primary_cause(a_to_b: Iterable[int], b_to_a: Iterable[int]) -> Cause:
    """A sufficient swap of the fewest factors in either direction; ties by the order of ``Cause``; no single one: interaction."""
    alone = {mask for mask in (*a_to_b, *b_to_a) if mask.bit_count() == 1}
    for factor in FACTORS:
        if BIT[factor] in alone:
            return Cause(factor.value)
    return Cause.INTERACTION


class SufficientSwaps(NamedTuple):
    a_to_b: tuple[int, ...]
    b_to_a: tuple[int, ...]
    cause: Cause


@cache
def sufficient_swaps(colours: tuple[str, ...]) -> SufficientSwaps:
    a_to_b, b_to_a = minimal(sufficient_masks(colours, from_a=True)), minimal(sufficient_masks(colours, from_a=False))
    return SufficientSwaps(a_to_b, b_to_a, primary_cause(a_to_b, b_to_a))


SQL = Path(__file__).with_suffix(".sql")
PAIRS = compose(SQL, "pairs")
HYBRIDS = compose(SQL, "hybrids")
STATEMENT = compose(SQL, "statement")


@dataclass(frozen=True)
class Judged:
    """One hybrid: its colour, its unreleased hits (as in ``Verdict.hits``) and the ids of the facts it sees."""

    colour: str
    hits: list[dict[str, Any]]
    seen: frozenset[int]


@dataclass(frozen=True)
class Pair:
    """A disagreeing pair with the colours of its 16 hybrids by mask; ``a`` is the provider whose code sorts first.

    ``judged``: mask of a judged hybrid → its hits as JSON (none if green) and the facts it sees as an array's text.
    """

    citizen_id: int
    a: int
    b: int
    codes: tuple[str, str]
    versions: tuple[int, int]
    horizons: tuple[datetime, datetime]
    same: int
    as_of: datetime
    day: Any
    colours: tuple[str, ...]
    judged: dict[int, tuple[str | None, str | None]]

    def hybrid(self, mask: int) -> Judged:
        """A's verdict with the mask's factors taken from B."""
        hits, seen = self.judged[mask & ~self.same]
        return Judged(
            self.colours[mask],
            json.loads(hits) if hits else [],
            frozenset(map(int, seen[1:-1].split(","))) if seen else frozenset(),
        )


@dataclass(frozen=True)
class Swap:
    """The verdict of ``base`` in a pair, before and after one factor is taken from the other side."""

    pair: Pair
    base: Side
    before: Judged
    after: Judged

    @classmethod
    def of(cls, pair: Pair, factor: Factor, *, base: Side) -> "Swap":
        own, swapped = (0, BIT[factor]) if base == "a" else (ALL, ALL ^ BIT[factor])
        return cls(pair, base, pair.hybrid(own), pair.hybrid(swapped))

    def relevant_facts(self) -> set[int]:
        """The facts a hit rests on, and those that only one of the two sees: no other can be part of the root cause."""
        held = {hit["fact_id"] for judged in (self.before, self.after) for hit in judged.hits}
        return held | (self.before.seen ^ self.after.seen)


Colours = dict[str, str]


def judge_pairs(run: Run, differing: Mapping[int, Colours], *, zone: str) -> Iterator[Pair]:
    """All disagreeing pairs as of the run, each with its 16 hybrids; ``differing``: citizen → the colour by each provider's code."""
    parameters: dict[str, Any] = {
        "run": run.pk,
        "citizens": list(differing),
        "colours": [json.dumps(colours) for colours in differing.values()],
        "zone": zone,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"{verdicts_of(HYBRIDS, given=PAIRS)},\n{STATEMENT}", parameters)
        yield from map(_pair, cursor.fetchall())


def _pair(row: tuple[Any, ...]) -> Pair:
    citizen, a, b, a_code, b_code, a_version, b_version, a_horizon, b_horizon, same, as_of, day = row[:12]
    colours = dict(zip(row[12], row[13], strict=True))
    return Pair(
        citizen_id=citizen,
        a=a,
        b=b,
        codes=(a_code, b_code),
        versions=(a_version, b_version),
        horizons=(a_horizon, b_horizon),
        same=same,
        as_of=as_of,
        day=day,
        colours=tuple(colours[mask & ~same] for mask in MASKS),
        judged=dict(zip(row[12], zip(row[14], row[15], strict=True), strict=True)),
    )
