"""Several worlds as one city. People, sources, providers and records of different worlds have different names.

A run over a city of fifty worlds takes hardly longer than one over a city of a single world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain, groupby, islice
from typing import Any

from tests.oracle import FactRef, Origin, World
from tests.oracle.rulings import HitKey
from tests.worlds.scenes import Scene, draw_scenes


def try_all(check: Callable[[list[Scene]], object], *, examples: int, at_a_time: int, seed: int | None) -> None:
    """Check drawn worlds together, which is fast; if that fails, one by one, so that Hypothesis finds the smallest failing one."""
    drawn: list[Scene] = []
    draw_scenes(drawn.append, seed=seed, examples=examples)
    assert len(drawn) >= examples
    try:
        for parts in parts_of_cities(drawn, at_a_time=at_a_time):
            check(parts)
    except AssertionError:
        draw_scenes(lambda scene: check([scene]), seed=seed, examples=examples)
        raise


def parts_of_cities(scenes: Iterable[Scene], *, at_a_time: int) -> Iterator[list[Scene]]:
    """Yield lists of renamed scenes that can be one city with one run. All get the interim policy of the first world."""
    for _, alike in groupby(sorted(scenes, key=_run), key=_run):
        left = iter(alike)
        while some := list(islice(left, at_a_time)):
            worlds = [renamed(one.world, str(number)) for number, one in enumerate(some)]
            policy = worlds[0].interim_policy
            yield [
                replace(one, world=replace(world, interim_policy=policy))
                for one, world in zip(some, worlds, strict=True)
            ]


def _run(scene: Scene) -> tuple[date, bool]:
    """Return what must be equal in one run: the day, and whether there is a future version, for which more days are evaluated."""
    return scene.day, any(version.effective_from > scene.day for version in scene.world.rule_sets)


def one_city(parts: Sequence[Scene]) -> Scene:
    return replace(parts[0], world=together([one.world for one in parts]))


def renamed(world: World, mark: str) -> World:
    """Return the world with the mark appended to all its names."""

    def name(text: str) -> str:
        return f"{text}~{mark}"

    def origin(one: Origin) -> Origin:
        return Origin(one.kind, one.code and name(one.code))

    def record(one: Any) -> dict[str, Any]:
        return {"origin": origin(one.origin), "record_id": name(one.record_id)}

    def policy(text: str) -> str:
        kind, _, preferred = text.partition(":")
        return f"{kind}:{name(preferred)}" if preferred else text

    def holder(one: Any) -> dict[str, Any]:
        return {"citizen": name(one.citizen), "provider": name(one.provider)}

    return replace(
        world,
        providers=tuple(
            replace(one, code=name(one.code), source=name(one.source), rule_set=name(one.rule_set))
            for one in world.providers
        ),
        sources=tuple(replace(one, code=name(one.code)) for one in world.sources),
        rule_sets=tuple(replace(one, code=name(one.code)) for one in world.rule_sets),
        citizens=tuple(map(name, world.citizens)),
        facts=tuple(replace(one, citizen=name(one.citizen), **record(one)) for one in world.facts),
        check_ins=tuple(replace(one, **holder(one)) for one in world.check_ins),
        registrations=tuple(replace(one, **holder(one)) for one in world.registrations),
        suppressions=tuple(replace(one, **record(one)) for one in world.suppressions),
        rulings=tuple(
            replace(
                one,
                citizen=name(one.citizen),
                weighed=frozenset(
                    HitKey(
                        hit.content._replace(**record(hit.content)),
                        FactRef(**record(hit.fact), version=hit.fact.version),
                    )
                    for hit in one.weighed
                ),
            )
            for one in world.rulings
        ),
        interim_policy=policy(world.interim_policy),
    )


def together(worlds: Sequence[World]) -> World:
    """Return one world that contains all of them, with the interim policy of the first."""
    return replace(
        worlds[0],
        providers=_joined(one.providers for one in worlds),
        sources=_joined(one.sources for one in worlds),
        rule_sets=_joined(one.rule_sets for one in worlds),
        citizens=_joined(one.citizens for one in worlds),
        facts=_joined(one.facts for one in worlds),
        check_ins=_joined(one.check_ins for one in worlds),
        registrations=_joined(one.registrations for one in worlds),
        suppressions=_joined(one.suppressions for one in worlds),
        rulings=_joined(one.rulings for one in worlds),
    )


def _joined(parts: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(parts))
