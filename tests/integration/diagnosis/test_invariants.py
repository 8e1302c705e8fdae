"""The invariants of semantics §6, checked on the stored diagnoses."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import pytest
from django.db import transaction

from codes.models import PairDiagnosis, Run, RunProvider
from regions.models import City
from tests.integration.diagnosis.recasting import TWIN, places_traded, with_places_traded, with_twins
from tests.integration.diagnosis.running import WORLDS_AT_A_TIME, Diagnosed, Pair, as_oracle_says_it, diagnosed
from tests.oracle import hybrid_colours, inputs_of, verdict
from tests.worlds import Scene, random_world
from tests.worlds.together import one_city, try_all

SEEDS = (14, 29, 35)
EXAMPLES = 80

Pairs = dict[Pair, PairDiagnosis]
Invariant = Callable[[Scene, Pairs, Run], None]
Promise = Callable[[list[Scene]], None]


@contextmanager
def once_diagnosed(parts: Sequence[Scene]) -> Iterator[Diagnosed]:
    """The city of these scenes for the block; nothing of it stays."""
    with transaction.atomic():
        yield diagnosed(one_city(parts))
        transaction.set_rollback(True)


def what_is_shared_is_never_the_cause(scene: Scene, pairs: Pairs, run: Run) -> None:
    frozen = {one.provider_id: one for one in RunProvider.objects.filter(run=run)}
    for row in pairs.values():
        a, b = frozen[row.a_id], frozen[row.b_id]
        named = {row.primary_cause, *chain(*row.swaps_a_to_b, *row.swaps_b_to_a)}
        if a.source_id == b.source_id:
            assert not named & {"source", "freshness"}
        if a.version_id == b.version_id:
            assert "rules" not in named


def stored_swaps_are_sufficient_and_minimal(scene: Scene, pairs: Pairs, run: Run) -> None:
    for (citizen, a, b), row in pairs.items():
        said = as_oracle_says_it(row)
        for own, other, swaps in ((a, b, said.swaps_a_to_b), (b, a, said.swaps_b_to_a)):
            own_inputs = inputs_of(scene.world, own, scene.day, scene.as_of)
            other_inputs = inputs_of(scene.world, other, scene.day, scene.as_of)
            assert own_inputs
            assert other_inputs
            colours = hybrid_colours(scene.world, citizen, own_inputs, other_inputs)
            wanted = verdict(scene.world, citizen, other, scene.day, scene.as_of).state
            assert swaps
            for swap in swaps:
                assert colours[swap] == wanted
                assert not any(colours[smaller] == wanted for smaller in colours if smaller < swap)


def identical_inputs_never_disagree(scene: Scene, pairs: Pairs, run: Run) -> None:
    for citizen, a, b in pairs:
        assert a.removesuffix(TWIN) != b.removesuffix(TWIN), citizen


def twins_of_a_pair_differ_for_the_same_cause(scene: Scene, pairs: Pairs, run: Run) -> None:
    """A diagnosis depends on the four inputs, and on nothing else about the providers."""
    for (citizen, a, b), row in pairs.items():
        if not a.endswith(TWIN) and not b.endswith(TWIN):
            twin = pairs[citizen, a + TWIN, b + TWIN]
            assert as_oracle_says_it(twin) == as_oracle_says_it(row)


ORDINARY: list[Invariant] = [what_is_shared_is_never_the_cause, stored_swaps_are_sufficient_and_minimal]
OF_TWINS: list[Invariant] = [identical_inputs_never_disagree, twins_of_a_pair_differ_for_the_same_cause]


def all_hold(parts: list[Scene]) -> None:
    with once_diagnosed(parts) as found:
        for invariant in ORDINARY:
            for part in parts:
                invariant(part, found.of(part), found.run)


def all_hold_among_twins(parts: list[Scene]) -> None:
    doubled = [with_twins(part) for part in parts]
    with once_diagnosed(doubled) as found:
        for invariant in OF_TWINS:
            for part in doubled:
                invariant(part, found.of(part), found.run)


def trading_places_leaves_the_diagnosis(parts: list[Scene]) -> None:
    new = {before: after for part in parts for before, after in places_traded(part.world).items()}
    with once_diagnosed(parts) as found:
        places = places_of(found)
        wanted = {
            (citizen, new[b], new[a]): by_place(mirrored(row, new), places)
            for (citizen, a, b), row in found.pairs.items()
        }
    with once_diagnosed([with_places_traded(part) for part in parts]) as found:
        places = places_of(found)
        assert {pair: by_place(plain(row), places) for pair, row in found.pairs.items()} == wanted


PROMISES: list[Promise] = [all_hold, all_hold_among_twins, trading_places_leaves_the_diagnosis]


@pytest.mark.parametrize("promise", PROMISES)
def test_drawn_worlds(bare_city: City, promise: Promise) -> None:
    try_all(promise, examples=EXAMPLES, at_a_time=WORLDS_AT_A_TIME, seed=3)


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize("seed", SEEDS)
def test_larger_worlds(bare_city: City, promise: Promise, seed: int) -> None:
    promise([random_world(seed, people=80)])


Plain = tuple[str, Any, Any, Any]


def plain(row: PairDiagnosis) -> Plain:
    return row.primary_cause, _sorted(row.swaps_a_to_b), _sorted(row.swaps_b_to_a), _in_order(row.root_cause)


def places_of(found: Diagnosed) -> dict[int, int]:
    """A fact's key → its place in its world: loaded again it has another key."""
    return {key: place for place, key in enumerate(found.keys.facts)}


def by_place(value: Any, places: dict[int, int]) -> Any:
    if isinstance(value, dict):
        return {key: places[part] if key == "fact_id" else by_place(part, places) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [by_place(one, places) for one in value]
    return value


def mirrored(row: PairDiagnosis, new: dict[str, str]) -> Plain:
    """The diagnosis as it must read from the other side."""
    root_cause = _other_way_round(row.root_cause, new)
    return row.primary_cause, _sorted(row.swaps_b_to_a), _sorted(row.swaps_a_to_b), _in_order(root_cause)


def _other_way_round(value: Any, new: dict[str, str]) -> Any:
    """A and B, and the providers' codes, exchanged throughout."""
    names = {"a": "b", "b": "a", "swaps_a_to_b": "swaps_b_to_a", "swaps_b_to_a": "swaps_a_to_b"}
    if isinstance(value, dict):
        turned = {names.get(key, key): _other_way_round(part, new) for key, part in value.items()}
        if turned.get("origin") == "provider":
            turned["origin_code"] = new[turned["origin_code"]]
        return turned
    if isinstance(value, list):
        return [_other_way_round(one, new) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def _in_order(cause: dict[str, Any]) -> dict[str, Any]:
    """Lists stand in an order that means nothing."""
    return {key: sorted(value, key=_canonical) if isinstance(value, list) else value for key, value in cause.items()}


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _sorted(swaps: list[list[str]]) -> list[list[str]]:
    return sorted(sorted(swap) for swap in swaps)


def test_pairs_are_named_in_the_order_of_their_codes(bare_city: City) -> None:
    pairs: list[Pair] = list(diagnosed(random_world(1, people=80)).pairs)
    assert pairs
    assert all(a < b for _, a, b in pairs)
