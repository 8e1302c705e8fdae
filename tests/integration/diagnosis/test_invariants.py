"""What semantics §6 promises of every diagnosis, tried on what the city stores."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from codes.models import PairDiagnosis, RunProvider
from regions.models import City
from tests.integration.diagnosis.recasting import TWIN, places_traded, with_places_traded, with_twins
from tests.integration.diagnosis.running import Diagnosed, Pair, as_oracle_says_it, diagnosed
from tests.oracle import hybrid_colours, inputs_of, verdict
from tests.worlds import Scene, random_world, scenes

SEEDS = (14, 29, 35)

drawn = settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

Invariant = Callable[[Scene, Diagnosed], None]


@contextmanager
def once_diagnosed(scene: Scene) -> Iterator[Diagnosed]:
    """The scene's city for the block; nothing of it stays."""
    with transaction.atomic():
        yield diagnosed(scene)
        transaction.set_rollback(True)


def what_is_shared_is_never_the_cause(scene: Scene, found: Diagnosed) -> None:
    frozen = {one.provider_id: one for one in RunProvider.objects.filter(run=found.run)}
    for row in found.pairs.values():
        a, b = frozen[row.a_id], frozen[row.b_id]
        named = {row.primary_cause, *chain(*row.swaps_a_to_b, *row.swaps_b_to_a)}
        if a.source_id == b.source_id:
            assert not named & {"source", "freshness"}
        if a.version_id == b.version_id:
            assert "rules" not in named


def stored_swaps_are_sufficient_and_minimal(scene: Scene, found: Diagnosed) -> None:
    for (citizen, a, b), row in found.pairs.items():
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


def identical_inputs_never_disagree(scene: Scene, found: Diagnosed) -> None:
    for citizen, a, b in found.pairs:
        assert a.removesuffix(TWIN) != b.removesuffix(TWIN), citizen


def twins_of_a_pair_differ_for_the_same_cause(scene: Scene, found: Diagnosed) -> None:
    """A diagnosis depends on the four inputs, and on nothing else about the providers."""
    for (citizen, a, b), row in found.pairs.items():
        if not a.endswith(TWIN) and not b.endswith(TWIN):
            twin = found.pairs[citizen, a + TWIN, b + TWIN]
            assert as_oracle_says_it(twin) == as_oracle_says_it(row)


ORDINARY: list[Invariant] = [what_is_shared_is_never_the_cause, stored_swaps_are_sufficient_and_minimal]
OF_TWINS: list[Invariant] = [identical_inputs_never_disagree, twins_of_a_pair_differ_for_the_same_cause]


def all_hold(scene: Scene) -> None:
    with once_diagnosed(scene) as found:
        for invariant in ORDINARY:
            invariant(scene, found)


def all_hold_among_twins(scene: Scene) -> None:
    doubled = with_twins(scene)
    with once_diagnosed(doubled) as found:
        for invariant in OF_TWINS:
            invariant(doubled, found)


def trading_places_leaves_the_diagnosis(scene: Scene) -> None:
    new = places_traded(scene.world)
    with once_diagnosed(scene) as found:
        wanted = {
            (citizen, new[b], new[a]): by_place(mirrored(row, new), found)
            for (citizen, a, b), row in found.pairs.items()
        }
    with once_diagnosed(with_places_traded(scene)) as found:
        assert {pair: by_place(plain(row), found) for pair, row in found.pairs.items()} == wanted


PROMISES: list[Callable[[Scene], None]] = [all_hold, all_hold_among_twins, trading_places_leaves_the_diagnosis]


@pytest.mark.parametrize("promise", PROMISES)
@drawn
@given(scenes())
def test_drawn_worlds(bare_city: City, promise: Callable[[Scene], None], scene: Scene) -> None:
    promise(scene)


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize("seed", SEEDS)
def test_larger_worlds(bare_city: City, promise: Callable[[Scene], None], seed: int) -> None:
    promise(random_world(seed, people=80))


Plain = tuple[str, Any, Any, Any]


def plain(row: PairDiagnosis) -> Plain:
    return row.primary_cause, _sorted(row.swaps_a_to_b), _sorted(row.swaps_b_to_a), _in_order(row.root_cause)


def by_place(value: Any, found: Diagnosed) -> Any:
    """With each fact's place in its world: loaded again it has another key."""
    if isinstance(value, dict):
        places = {key: place for place, key in enumerate(found.keys.facts)}
        return {key: places[part] if key == "fact_id" else by_place(part, found) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [by_place(one, found) for one in value]
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
