"""The 16 hybrids of each disagreeing pair, judged by the engine: A's verdict with a subset of the four factors taken from B."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

from codes.diagnosis.root_cause import Side
from codes.engine.query import NEXT_DAY, SEEN, can_hold, over, verdicts_of
from codes.engine.subjects import ALL_FACTS
from codes.models import Run
from codes.vocabulary import Cause, Factor
from regions.sql import arrays, compose

# The bit of each factor in a mask; the same numbers are used in hybrids.sql.
BIT: dict[Factor, int] = {Factor.DECLARATION: 1, Factor.SOURCE: 2, Factor.RULES: 4, Factor.FRESHNESS: 8}
# The factors in the order in which ties between causes are broken.
FACTORS = (Factor.FRESHNESS, Factor.RULES, Factor.DECLARATION, Factor.SOURCE)
MASKS = range(16)
ALL = 15


def sufficient_masks(colours: tuple[str, ...], *, from_a: bool) -> int:
    """Return the set of masks, as bits, whose hybrid has the other side's colour; ``colours`` are the colours of A's hybrids by mask.

    B with a set of factors taken from A is A with the remaining factors taken from B, so the same 16 hybrids serve both directions.
    """
    wanted = colours[ALL] if from_a else colours[0]
    return sum(1 << mask for mask in MASKS if colours[mask if from_a else ALL - mask] == wanted)


@cache
def minimal(sufficient_masks: int) -> tuple[int, ...]:
    """Return the inclusion-minimal masks of a set, those with the fewest factors first."""
    held = [mask for mask in MASKS if sufficient_masks >> mask & 1]
    smallest = [mask for mask in held if not any(other != mask and other & mask == other for other in held)]
    return tuple(sorted(smallest, key=lambda mask: (mask.bit_count(), mask)))


def factor_names(masks: Iterable[int]) -> list[list[str]]:
    """Return the names of each mask's factors, in the order of ``FACTORS``."""
    return [[factor.value for factor in FACTORS if mask & BIT[factor]] for mask in masks]


def primary_cause(a_to_b: Iterable[int], b_to_a: Iterable[int]) -> Cause:
    """Return the factor of a sufficient swap of one factor in either direction, the first of ``FACTORS``; else ``INTERACTION``."""
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
PAIRS = compose(SQL, "pairs", facts=can_hold(subject="e", since=ALL_FACTS), over=over(subject="e"))
HYBRIDS = compose(SQL, "hybrids")
READS_FROM = "asked.reads_from"  # a column of the step `pair`
STATEMENT = compose(SQL, "statement", next_day=NEXT_DAY)
EXCHANGED = compose(SQL, "exchanged", seen=SEEN)


@dataclass(frozen=True)
class Judged:
    """The colour and the unreleased hits of one hybrid, as in ``Verdict.hits``."""

    colour: str
    hits: list[dict[str, Any]]


@dataclass(frozen=True)
class Pair:
    """A disagreeing pair with the colours of its 16 hybrids by mask; ``a`` is the provider whose code sorts first.

    ``same`` is the mask of the factors that are equal on both sides. ``hits``: mask of a judged hybrid → its hits as JSON, or
    ``None`` if it is green. ``next_on`` is the next day on which the verdict of a hybrid can change without new data.
    """

    citizen_id: int
    a: int
    b: int
    codes: tuple[str, str]
    versions: tuple[int, int]
    sources: tuple[int, int]
    horizons: tuple[datetime, datetime]
    same: int
    as_of: datetime
    day: date
    colours: tuple[str, ...]
    hits: dict[int, str | None]
    next_on: date | None

    def hybrid(self, mask: int) -> Judged:
        """Return A's verdict with the factors of the mask taken from B."""
        hits = self.hits[mask & ~self.same]
        return Judged(self.colours[mask], json.loads(hits) if hits else [])

    def sees_by(self, mask: int) -> tuple[int, int, datetime]:
        """Return what determines the facts that the hybrid sees: the provider declared with, the source and its horizon."""
        return (
            self.b if mask & BIT[Factor.DECLARATION] else self.a,
            self.sources[bool(mask & BIT[Factor.SOURCE])],
            self.horizons[bool(mask & BIT[Factor.FRESHNESS])],
        )


class Choice(NamedTuple):
    """A factor that the base side of a pair takes from the other side."""

    pair: Pair
    factor: Factor
    base: Side

    @property
    def masks(self) -> tuple[int, int]:
        """The masks of the hybrids before and after the swap."""
        return (0, BIT[self.factor]) if self.base == "a" else (ALL, ALL ^ BIT[self.factor])


@dataclass(frozen=True)
class Swap:
    """The verdict of ``base`` in a pair, before and after one factor is taken from the other side.

    ``gone``: the facts that only the base side sees; ``new``: those that only the swap sees.
    """

    pair: Pair
    base: Side
    before: Judged
    after: Judged
    gone: frozenset[int]
    new: frozenset[int]

    def relevant_facts(self) -> set[int]:
        """Return the facts of the hits, and those seen only before or only after: no others can be part of the root cause."""
        held = {hit["fact_id"] for judged in (self.before, self.after) for hit in judged.hits}
        return held | self.gone | self.new


def swaps_of(choices: Sequence[Choice]) -> list[Swap]:
    """Return the swaps of the choices, which are about pairs of one run. Makes one query."""
    exchanged, swaps = _exchanged(choices), []
    for number, one in enumerate(choices):
        before, after = map(one.pair.hybrid, one.masks)
        gone, new = exchanged.get(number, (frozenset(), frozenset()))
        swaps.append(Swap(one.pair, one.base, before, after, gone, new))
    return swaps


def _exchanged(choices: Sequence[Choice]) -> dict[int, tuple[frozenset[int], frozenset[int]]]:
    """Return index of a choice → the facts seen only by the hybrid before, and only by the one after.

    Choices of the factor rules are left out: rules do not affect which facts are seen.
    """
    asked = [(number, one) for number, one in enumerate(choices) if one.factor is not Factor.RULES]
    if not asked:
        return {}
    pair = asked[0][1].pair
    subjects = [
        (2 * number + place, one.pair.citizen_id, *one.pair.sees_by(mask))
        for number, one in asked
        for place, mask in enumerate(one.masks)
    ]
    names = ("sids", "citizens", "providers", "sources", "horizons")
    with connection.cursor() as cursor:
        cursor.execute(EXCHANGED, {**arrays(names, subjects), "as_of": pair.as_of, "day": pair.day})
        return {number: (frozenset(gone), frozenset(new)) for number, gone, new in cursor.fetchall()}


Colours = dict[str, str]


def judge_pairs(run: Run, differing: Mapping[int, Colours], *, zone: str) -> Iterator[Pair]:
    """Yield all disagreeing pairs as of the run, each with its 16 hybrids.

    ``differing`` is citizen → provider's code → colour.
    """
    parameters: dict[str, Any] = {
        "run": run.pk,
        "citizens": list(differing),
        "colours": [json.dumps(colours) for colours in differing.values()],
        "zone": zone,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"{verdicts_of(HYBRIDS, given=PAIRS, reads_from=READS_FROM)},\n{STATEMENT}", parameters)
        yield from map(_pair, cursor.fetchall())


def _pair(row: tuple[Any, ...]) -> Pair:
    citizen, a, b, a_code, b_code, *sides = row[:11]
    same, as_of, day, masks, judged, hits, next_on = row[11:]
    colours = dict(zip(masks, judged, strict=True))
    return Pair(
        citizen_id=citizen,
        a=a,
        b=b,
        codes=(a_code, b_code),
        versions=(sides[0], sides[1]),
        sources=(sides[2], sides[3]),
        horizons=(sides[4], sides[5]),
        same=same,
        as_of=as_of,
        day=day,
        colours=tuple(colours[mask & ~same] for mask in MASKS),
        hits=dict(zip(masks, hits, strict=True)),
        next_on=next_on,
    )
